"""A secrets backend for the tests: a secret's value tells its path."""

from __future__ import annotations


class Backend:
    """Enough of `BaseSecretsBackend` for settings."""

    def get_config(self, key: str) -> str:
        return f"url://secret/{key}"
