"""A secrets backend for the tests, whose secrets contain their path."""

from __future__ import annotations


class Backend:
    """The part of `BaseSecretsBackend` that reads settings."""

    def get_config(self, key: str) -> str:
        return f"url://secret/{key}"
