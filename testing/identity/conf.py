"""Airflow's `conf`, as far as the settings of the identity provider read it."""

from __future__ import annotations

from collections.abc import Mapping

from entrypoint.identity import RUNTIME_MANAGER
from testing.identity.login_provider import API_AUDIENCE, CLIENT_ID, CLIENT_SECRET
from testing.installed_line import LINE

RULES = """{
  "claim": "groups",
  "Admin": ["airflow-admins"], "Op": ["airflow-ops"], "User": ["airflow-users"], "Viewer": ["airflow-viewers"],
  "dags": {"finance_*": {"edit": ["finance"]}}
}"""


class IdentityConf:
    """A conf with the options of `[astro_runtime]`, by name, and with any others by section and name."""

    def __init__(
        self, options: Mapping[str, str], others: Mapping[tuple[str, str], str] | None = None
    ) -> None:
        named = {("astro_runtime", name): text for name, text in options.items()}
        manager = {("core", "auth_manager"): RUNTIME_MANAGER[LINE]}
        self._texts = {**manager, **named, **(others or {})}
        self.names_read: list[str] = []

    def get(self, section: str, name: str, fallback: str | None = None) -> str | None:
        """Return an option's text."""
        self.names_read.append(name)
        return self._texts.get((section, name), fallback)


def login_options(issuer: str, **changes: str) -> dict[str, str]:
    """Return the options for a provider of the tests, by name; an empty text counts as not set."""
    options = {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_roles": RULES,
        "oidc_audience": API_AUDIENCE,
    }
    return {**options, **changes}


def variables(options: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for options of `[astro_runtime]`."""
    return {f"AIRFLOW__ASTRO_RUNTIME__{name.upper()}": text for name, text in options.items()}
