"""The processes that parse DAG files find the web application, with whose parts they write a DAG's permissions."""

from __future__ import annotations

from testing.proof import Proof


def test_web_application_is_imported_before_the_first_fork(half: Proof) -> None:
    assert half.run("dag_parser") is True
