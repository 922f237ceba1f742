from __future__ import annotations

import psutil  # type: ignore[import-untyped]

from testing.proof import FIXED, STOCK, Proof
from testing.supervised_task import supervised_task
from testing.waiting import wait_until

DAG = """
import os
from airflow.sdk import DAG, task

with DAG("dag", schedule=None):
    @task(task_id="task")
    def end():
        {statement}

    end()
"""
# The kernel keeps no exit status for a process that ignores SIGCHLD.
COMMAND = (
    "-c",
    "import runpy, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
    "runpy.run_module('airflow.sdk.execution_time.execute_workload', run_name='__main__')",
    "--json-string",
)
HEARTBEATS = 3


def dag(statement: str) -> str:
    return DAG.replace("{statement}", statement)


def test_supervisor_ends_with_a_task_that_reported_nothing(proof: Proof) -> None:
    with supervised_task(proof, dag("os._exit(3)"), command=COMMAND) as task:
        wait_until(lambda: task.api.pid and not psutil.pid_exists(task.api.pid), task.describe)
        end = task.api.count("heartbeat") + HEARTBEATS
        wait_until(lambda: task.has_ended() or task.api.count("heartbeat") >= end, task.describe)
        assert task.has_ended() is proof.expect(stock=False, fixed=True)
        assert task.supervisor.returncode == proof.expect(stock=None, fixed=1)
        assert not task.api.states


def test_success_stays_a_success(proof: Proof) -> None:
    # Stock waits this long; with the fix, a process that a busy machine ends slowly is not killed.
    overtime = {"AIRFLOW__CORE__TASK_SUCCESS_OVERTIME": {STOCK: "1", FIXED: "300"}[proof.mode]}
    with supervised_task(proof, dag("pass"), command=COMMAND, variables=overtime) as task:
        assert task.wait() == 0
        assert task.api.states == proof.expect(stock=["success", "failed"], fixed=["success"])
