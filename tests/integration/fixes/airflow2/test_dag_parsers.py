"""The processes that parse DAG files find what writes a DAG's permissions, which stock Airflow imports in each."""

from __future__ import annotations

from testing.proof import Proof


def test_what_writes_permissions_is_imported_before_the_first_fork(proof: Proof) -> None:
    assert proof.run("dag_parser") is proof.expect(stock=False, fixed=True)
