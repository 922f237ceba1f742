"""A DAG processor has no execution API until a DAG file asks for something, and its DAGs are the same."""

from __future__ import annotations

from testing.proof import Proof

AIOHTTP = ["aiohttp"]
ALL = [*AIOHTTP, "airflow.api_fastapi.execution_api.app", "cadwyn", "fastapi"]
FOUND = ["colour blue", "host store.example", "missing none"]


def test_dag_files_that_ask_for_nothing_need_no_api(proof: Proof) -> None:
    imported = proof.expect(stock=ALL, fixed=AIOHTTP)
    seen = proof.run("needless_execution_api", "quiet")
    assert seen == {
        "apis": proof.expect(stock=1, fixed=0),
        "imported": imported,
        "dags": {"quiet": imported},
    }


def test_dag_files_share_one_api_for_what_they_read(half: Proof) -> None:
    seen = half.run("needless_execution_api", "first", "second")
    assert seen == {"apis": 1, "imported": ALL, "dags": {"first": FOUND, "second": FOUND}}


def test_dag_processor_whose_api_cannot_be_built_ends(half: Proof) -> None:
    seen = half.run("needless_execution_api", "first", MISSING="cadwyn")
    assert (seen["error"], seen["dags"]) == ("ModuleNotFoundError", {})
