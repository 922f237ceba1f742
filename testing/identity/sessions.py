"""Services of several web server processes on one database, with a provider double and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet

from astro_runtime_plugin.identity.provider.provider import Provider
from astro_runtime_plugin.identity.sessions.assembly import assemble
from astro_runtime_plugin.identity.sessions.audit import AuditLine
from astro_runtime_plugin.identity.sessions.parts import Surroundings
from astro_runtime_plugin.identity.sessions.service import IdentityService
from astro_runtime_plugin.identity.sessions.session import NewSession
from astro_runtime_plugin.identity.settings import IdentitySettings
from testing.identity.moving_clock import MovingClock
from testing.identity.provider_double import CLIENT, ISSUER, nonce_and_state

RULES = {
    "claim": "groups",
    "Admin": ["admins"],
    "User": ["users"],
    "Viewer": ["viewers"],
    "dags": {"finance_*": {"edit": ["finance"]}},
}
CALLBACK = "https://airflow.example.com/auth/oidc-callback"
FERNET_KEY = Fernet.generate_key()


class FernetDouble:
    """Encrypts as Airflow does with a Fernet key."""

    is_encrypted = True

    def __init__(self, key: bytes = FERNET_KEY) -> None:
        self._fernet = Fernet(key)

    def encrypt(self, msg: bytes) -> bytes:
        return self._fernet.encrypt(msg)

    def decrypt(self, msg: bytes) -> bytes:
        return self._fernet.decrypt(msg)


class NoFernet:
    """What Airflow has where no Fernet key is set."""

    is_encrypted = False

    def encrypt(self, msg: bytes) -> bytes:
        return msg

    def decrypt(self, msg: bytes) -> bytes:
        return msg


class AuditTableDouble:
    """Keeps the lines; `refuses` is a word in lines that the database does not take."""

    def __init__(self) -> None:
        self.lines: list[AuditLine] = []
        self.refuses = "\0"
        self.is_away = False

    def write(self, lines: Sequence[AuditLine]) -> None:
        if self.is_away or any(self.refuses in line.text for line in lines):
            raise RuntimeError("no")
        self.lines += lines

    def is_reachable(self) -> bool:
        return not self.is_away

    def events(self) -> list[tuple[str, str]]:
        return [(line.event, line.text) for line in self.lines]


def identity_settings(**values: Any) -> IdentitySettings:
    base = {"issuer": ISSUER, "client_id": CLIENT, "roles": json.dumps(RULES), "audiences": ("airflow-api",)}
    return IdentitySettings(**{**base, **values})


def identity_service(
    provider: Provider | None,
    clock: MovingClock,
    settings: IdentitySettings | None = None,
    cipher: Any = None,
    audit_table: Any = None,
) -> IdentityService:
    """Return a service as a web server process has it, but without threads: the test ticks, and flushes."""
    outside = Surroundings(
        "secret key", 24 * 3600.0, cipher or FernetDouble(), audit_table or AuditTableDouble(), clock
    )
    service = assemble(settings or identity_settings(), provider, outside)
    service.parts.upkeep._has_thread = service.parts.audit_log._has_thread = True
    return service


def log_in(service: IdentityService, next_url: str = "/dags") -> NewSession:
    """Log in as the provider's user of the moment."""
    request = service.begin_login(next_url, CALLBACK)
    code, state = nonce_and_state(request.url)
    return service.finish_login(
        {"code": code, "state": state}, {request.cookie_name: request.cookie}, CALLBACK
    )


def tick(service: IdentityService) -> None:
    """Do what the background does each few seconds, and wait for the renewals."""
    for renewal in service.parts.upkeep.tick():
        assert renewal.wait(300)
