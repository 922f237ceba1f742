"""Runs tasks under real supervisors, as a Kubernetes pod does, whose API server goes away and comes back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

from testing.execution_api import ExecutionApi
from testing.proof import report
from testing.waiting import wait_until

HOME = Path(os.environ["AIRFLOW_HOME"])
OUTAGE = 20  # seconds; stock gives up a task after 3 heartbeats, and a request after 3 tries
DAGS = """
import os, pathlib, time
from datetime import timedelta
from airflow.sdk import DAG, BaseOperator, Variable
from airflow.sdk.exceptions import TaskDeferred
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

FOLDER = pathlib.Path(os.environ["FOLDER"])

class Work(BaseOperator):
    def execute(self, context):
        (FOLDER / "running").write_text(str(os.getpid()))
        while not (FOLDER / "end").exists():
            time.sleep(0.05)
        end = (FOLDER / "end").read_text()
        if end == "variable":
            print(Variable.get("variable"))
        elif end == "failed":
            raise ValueError
        elif end == "deferred":
            raise TaskDeferred(trigger=TimeDeltaTrigger(timedelta(hours=1)), method_name="execute_complete")

with DAG("dag"):
    Work(task_id="task")
"""


class Supervisor:
    """A supervisor with its task and its API server."""

    def __init__(self, name: str, **variables: str) -> None:
        self.folder = HOME / name
        self.folder.mkdir()
        self.server = ExecutionApi()
        self.environ = {
            **os.environ,
            "FOLDER": str(self.folder),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": self.server.url,
            **variables,
        }

    def run(self) -> None:
        """Start the supervisor."""
        command = [sys.executable, "-m", "airflow.sdk.execution_time.execute_workload", "--json-string"]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [*command, json.dumps(workload())], env=self.environ, stdout=log, stderr=log
            )

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """Wait for a condition, or for the supervisor's end."""
        wait_until(lambda: condition() or self.has_ended(), self.describe, seconds=120, pause=0.05)

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def describe(self) -> str:
        return (self.folder / "log").read_text()[-5000:]

    def wait_for_task(self) -> None:
        """Wait until the task runs and a heartbeat has arrived."""
        self.wait_for(lambda: (self.folder / "running").exists() and self.server.count("heartbeat"))

    def be_away(self, seconds: float = OUTAGE) -> None:
        """Stop the server until the supervisor has ended, but no longer than this."""
        self.server.stop()
        back = time.monotonic() + seconds
        self.wait_for(lambda: time.monotonic() > back)
        self.server.start()

    def end_task(self, how: str = "") -> None:
        """Let the task end."""
        (self.folder / "ending").write_text(how)
        (self.folder / "ending").rename(self.folder / "end")

    def outcome(self) -> list[str]:
        """Wait for the supervisor's end, and return the states that the server took."""
        self.process.wait(120)
        self.server.stop()
        return self.server.states()


def workload() -> dict[str, Any]:
    ti = {
        "id": str(uuid4()),
        "dag_version_id": str(uuid4()),
        "task_id": "task",
        "dag_id": "dag",
        "run_id": "run",
        "try_number": 1,
        "map_index": -1,
        "pool_slots": 1,
        "queue": "default",
        "priority_weight": 1,
    }
    bundle = {"name": "dags-folder", "version": None}
    log = f"{ti['id']}.log"
    return {
        "type": "ExecuteTask",
        "token": "",
        "ti": ti,
        "dag_rel_path": "dag.py",
        "bundle_info": bundle,
        "log_path": log,
    }


def observe_running(supervisor: Supervisor) -> list[str]:
    """The server goes away and comes back while the task runs."""
    supervisor.server.start()
    supervisor.run()
    supervisor.wait_for_task()
    supervisor.be_away()
    heartbeats = supervisor.server.count("heartbeat")
    supervisor.wait_for(lambda: supervisor.server.count("heartbeat") > heartbeats)
    supervisor.end_task()
    return supervisor.outcome()


def observe_start(supervisor: Supervisor) -> list[str]:
    """The server is away when the task starts."""
    supervisor.run()
    supervisor.wait_for(lambda: re.search("2nd time|server is away", supervisor.describe()))
    supervisor.be_away()
    supervisor.end_task()
    return supervisor.outcome()


def observe_end(end: str) -> Callable[[Supervisor], list[str]]:
    """The server is away when the task ends."""

    def observe(supervisor: Supervisor) -> list[str]:
        supervisor.server.start()
        supervisor.run()
        supervisor.wait_for_task()
        supervisor.end_task(end)
        supervisor.be_away()
        return supervisor.outcome()

    return observe


def observe_conflict(supervisor: Supervisor) -> list[str]:
    """The server comes back and says that the task is no longer this supervisor's."""
    supervisor.server.start()
    supervisor.run()
    supervisor.wait_for_task()
    supervisor.server.stop()
    supervisor.server.answers["heartbeat"] = 409, {"detail": {"reason": "not_running"}}
    supervisor.be_away()
    outcome = supervisor.outcome()  # the task would run for ever
    return [*outcome, *(["server terminated"] if "SERVER_TERMINATED" in supervisor.describe() else [])]


def observe_loss(supervisor: Supervisor) -> list[str]:
    """The server stays away."""
    supervisor.server.start()
    supervisor.run()
    supervisor.wait_for_task()
    task = int((supervisor.folder / "running").read_text())
    supervisor.server.stop()
    outcome = supervisor.outcome()
    return [*outcome, *(["task runs"] if Path(f"/proc/{task}").exists() else [])]


def observe_fault(supervisor: Supervisor) -> list[str]:
    """The server takes heartbeats, but never this request."""
    supervisor.server.answers["variable"] = 500, {"detail": "fault"}
    supervisor.server.start()
    supervisor.run()
    supervisor.wait_for_task()
    supervisor.end_task("variable")
    return supervisor.outcome()


CASES: dict[str, Callable[[Supervisor], list[str]]] = {
    "running": observe_running,
    "start": observe_start,
    "success": observe_end(""),
    "failed": observe_end("failed"),
    "deferred": observe_end("deferred"),
    "variable": observe_end("variable"),
    "conflict": observe_conflict,
    "loss": observe_loss,
    "fault": observe_fault,
}

if __name__ == "__main__":
    (HOME / "dags").mkdir()
    (HOME / "dags" / "dag.py").write_text(DAGS)
    timeouts = {"loss": {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "6"}}
    supervisors = {name: Supervisor(name, **timeouts.get(name, {})) for name in CASES}
    with ThreadPoolExecutor() as pool:
        outcomes = pool.map(lambda name: CASES[name](supervisors[name]), CASES)
        report(dict(zip(CASES, outcomes, strict=True)))
