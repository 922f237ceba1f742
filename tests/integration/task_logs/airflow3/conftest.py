"""A supervised task of Airflow 3 on a machine of its own, with a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from testing.execution_api import Answer
from testing.proof import FIXED, Proof
from testing.supervised_task import COMMAND, SupervisedTask, supervised_task
from testing.task_logs import Machine
from tests.integration.task_logs.conftest import Place

RunDag = Callable[..., AbstractContextManager[SupervisedTask]]
# Supervises a task in a process that has others to run, as a worker does: at a task's end it waits for nothing.
WORKER = """
import sys
from airflow.executors.workloads import ExecuteTask
from airflow.sdk.execution_time.execute_workload import execute_workload
execute_workload(ExecuteTask.model_validate_json(sys.argv[1]))
"""
POD_COMMAND, WORKER_COMMAND = COMMAND, ("-c", WORKER)


@pytest.fixture
def run_dag(tmp_path: Path) -> RunDag:
    """Run the task of a DAG file on the machine with this name; its shippers end with the block."""

    @contextmanager
    def run(
        place: Place,
        source: str,
        machine: str = "a",
        variables: Mapping[str, str] | None = None,
        answers: Mapping[str, Answer] | None = None,
        command: tuple[str, ...] = POD_COMMAND,
    ) -> Iterator[SupervisedTask]:
        home = tmp_path / machine
        home.mkdir(exist_ok=True)
        settings = {
            "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": place.url,
            # The server is in the tests' process; a client that asks a starved one again reports a state twice.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "300",
            **place.environ,
            **(variables or {}),
        }
        proof = Proof(FIXED, home)
        try:
            with supervised_task(proof, source, command=command, variables=settings, answers=answers) as task:
                yield task
        finally:
            Machine(home, place.url).kill_shippers()

    return run
