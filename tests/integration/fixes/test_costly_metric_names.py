"""The table of metrics is read without the parser in Python, where there is another, and is the same."""

from __future__ import annotations

import pytest

from testing.proof import Proof

PACKAGES = ["airflow", "airflow.sdk"]


@pytest.mark.parametrize("package", PACKAGES)
def test_table_of_metrics_is_read_in_c(proof: Proof, package: str) -> None:
    read = {"parser in Python": proof.expect(stock=True, fixed=False), "same": True}
    assert proof.run("costly_metric_names", package) == {**read, "error": "FileNotFoundError"}


def test_table_of_metrics_is_read_where_there_is_no_parser_in_c(half: Proof) -> None:
    read = {"parser in Python": True, "same": True}
    assert half.run("costly_metric_names", "airflow", "without C") == {**read, "error": "FileNotFoundError"}
