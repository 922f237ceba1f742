"""Airflow 3 finds a provider's documentation in its metadata, however often it reads that."""

from __future__ import annotations

from testing.proof import Proof


def test_provider_has_its_documentation(half: Proof) -> None:
    assert half.run("repeated_metadata")["documented"] is True
