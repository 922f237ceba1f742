"""A task under a real supervisor, for probes in which its API server is away; the probe decides when the task ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from testing.proof import SELECTION, STOCK
from testing.task_workload import task_workload
from testing.waiting import wait_until

# Seconds. Without the fix, each supervisor ends during the outage, but a busy machine takes long for that.
IS_STOCK = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]
OUTAGE = 300 if IS_STOCK else 20
# With these settings stock gives up a request and a task within seconds; with its defaults it takes a minute.
IMPATIENCE = {
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "3",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MIN": "0.1",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "0.5",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
}
DAG = """
import os, pathlib, time
from datetime import timedelta
from airflow.sdk import DAG, BaseOperator, Variable
from airflow.sdk.exceptions import TaskDeferred
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

class Work(BaseOperator):
    def execute(self, context):
        folder = pathlib.Path(os.environ["FOLDER"])
        (folder / "running").write_text(str(os.getpid()))
        while not (folder / "end").exists():
            time.sleep(0.05)
        end = (folder / "end").read_text()
        if end == "variable":
            print(Variable.get("variable"))
        elif end == "failed":
            raise ValueError
        elif end == "deferred":
            raise TaskDeferred(trigger=TimeDeltaTrigger(timedelta(hours=1)), method_name="execute_complete")

with DAG("dag", schedule=None):
    Work(task_id="task")
"""


class RestartableServer(Protocol):
    """An API server that can be stopped, and started again on its port."""

    url: str

    def start(self) -> None:
        """Return when it listens."""

    def stop(self) -> None:
        """Refuse connections from now on."""


class TaskInOutage:
    """A supervisor and its task; `folder` is for their files, and its name that of the task's log."""

    def __init__(self, folder: Path, server: RestartableServer, **variables: str) -> None:
        folder.mkdir()
        self.folder, self.server = folder, server
        url = {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": server.url}
        self.environ = {**os.environ, **IMPATIENCE, **url, "FOLDER": str(folder), **variables}

    def run(self, workload: str = "") -> None:
        """Start the supervisor. `workload` is the executor's message as JSON; by default a made-up one."""
        module = "airflow.sdk.execution_time.execute_workload"
        message = workload or task_workload(f"{self.folder.name}.log")
        command = [sys.executable, "-m", module, "--json-string", message]
        with open(self.folder / "log", "wb") as log:
            self._process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """Wait for a condition, or for the supervisor's end."""
        wait_until(lambda: condition() or self._process.poll() is not None, self.log, pause=0.05)

    def log(self) -> str:
        """Return the supervisor's log."""
        return (self.folder / "log").read_text()

    def wait_for_task(self) -> int:
        """Wait until the task runs, and return its process id."""
        self.wait_for((self.folder / "running").exists)
        return int((self.folder / "running").read_text() or 0)

    def miss_server(self) -> None:
        """Stop the server for OUTAGE seconds, or until the supervisor has ended."""
        self.server.stop()
        back = time.monotonic() + OUTAGE
        self.wait_for(lambda: time.monotonic() > back)
        self.server.start()

    def end_task(self, how: str = "") -> None:
        """Let the task end: as its DAG says for this word, or with success."""
        (self.folder / "ending").write_text(how)
        (self.folder / "ending").rename(self.folder / "end")

    def wait(self) -> None:
        """Wait for the supervisor's end."""
        self._process.wait(300)


def write_dag() -> None:
    """Write the task's DAG into the DAG folder."""
    folder = Path(os.environ["AIRFLOW_HOME"]) / "dags"
    folder.mkdir()
    (folder / "dag.py").write_text(DAG)
