"""The settings that identity/provider needs, for tests of it alone."""

from __future__ import annotations

from dataclasses import dataclass

from testing.identity.login_provider import CLIENT_ID, CLIENT_SECRET


@dataclass(frozen=True)
class LoginSettings:
    """Settings as Airflow's configuration has them for a provider of the tests."""

    issuer: str
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    scopes: str = ""
