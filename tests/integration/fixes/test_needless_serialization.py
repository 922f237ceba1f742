"""A pod's task has not imported what serializes DAGs; a component has, and what is imported late works."""

from __future__ import annotations

from typing import Any

import pytest

from testing.proof import Proof
from testing.supervised_task import supervised_task

DAG = """
import os, sys
from pathlib import Path
from airflow.sdk import DAG, BaseOperator

class Report(BaseOperator):
    def execute(self, context):
        imported = "airflow.serialization.serialized_objects" in sys.modules
        Path(os.environ["FOLDER"], "report").write_text(f"{imported}")

with DAG("dag"):
    Report(task_id="task")
"""
POD = "airflow.sdk.execution_time.execute_workload"


def test_task_of_a_pod_imports_no_serialization(proof: Proof) -> None:
    with supervised_task(proof, DAG) as task:
        assert task.wait() == 0, task.describe()
        assert task.wait_for_file("report") == proof.expect(stock="True", fixed="False")
        assert task.api.states == ["success"]


def observe(proof: Proof, *words: str) -> Any:
    return proof.run("needless_serialization", *words)


def test_pod_that_serializes_a_dag_imports_what_that_needs(proof: Proof) -> None:
    imported = proof.expect(stock=[True, True], fixed=[False, True])
    assert observe(proof, POD) == {"imported": imported, "dag": "dag", "other": "LazyDeserializedDAG"}


@pytest.mark.parametrize("module", ["airflow", "another_module"])
def test_any_other_process_has_the_serialization(half: Proof, module: str) -> None:
    assert observe(half, module)["imported"] == [True, True]
