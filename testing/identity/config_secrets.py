"""A secrets backend for the tests: a setting's secret is its path, with a prefix."""

from __future__ import annotations

from airflow.secrets import BaseSecretsBackend

PREFIX = "kept-in-a-backend-"


class ConfigSecrets(BaseSecretsBackend):  # type: ignore[misc]
    """Knows settings only."""

    def get_config(self, key: str) -> str:
        """Return the secret at a path."""
        return PREFIX + key

    def get_conn_value(self, conn_id: str, *_: object, **__: object) -> None:
        """Know no connection."""

    def get_variable(self, key: str, *_: object, **__: object) -> None:
        """Know no variable."""
