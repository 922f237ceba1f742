"""A real API server that can be killed, and started again on its port; and a task for it in the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from testing.airflow_command import airflow_command
from testing.servers import free_port
from testing.waiting import retry


def api_server_command(port: int, apps: str = "execution") -> list[str]:
    """Return the command of an API server; by default it has only the endpoints that tasks use."""
    options = ["--apps", apps, "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "airflow", "api-server", *options]


class ApiServerProcess:
    """`airflow api-server` with only the endpoints that tasks use, in the environment of this process."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/execution/"
        self._command = api_server_command(port)
        self._log = Path(os.environ["AIRFLOW_HOME"]) / "api-server.log"

    def start(self) -> None:
        """Return when it answers."""
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        # Not only URLError: a server that hangs up before it has answered raises a ConnectionResetError.
        retry(lambda: urlopen(f"{self.url}health").close(), OSError, self._process)

    def stop(self) -> None:
        """Kill it and its children, and wait for its end."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def create_task() -> Any:
    """Return a queued task of the DAG `dag`, which the DAG folder holds."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy.orm import joinedload

    airflow_command("dags", "reserialize")
    airflow_command("dags", "trigger", "dag", "--run-id", "run")
    with create_session() as session:
        task = session.query(TaskInstance).options(joinedload(TaskInstance.dag_model)).one()
        task.state, task.dag_run.state, task.try_number = "queued", "running", 1
    return task


def task_state() -> str:
    """Return the state of the task in the database."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        return str(session.query(TaskInstance.state).scalar())
