"""Runs one task of either line as an executor does, in a process whose output is a pipe; no server is needed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from testing.airflow_command import AIRFLOW_COMMANDS
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.proof import Proof
from testing.supervised_task import OUTPUT, supervised_task
from testing.waiting import wait_until

COMMAND = ("tasks", "run", "dag", "task", "run", "--local", "--subdir")


@dataclass
class TaskProcess:
    """A running task; `process` is its supervisor, `folder` is for files that the task writes, named by FOLDER."""

    process: subprocess.Popen[str]
    folder: Path
    find_log: Callable[[], Path]
    find_states: Callable[[], list[str]]
    has_all_output: Callable[[], bool] = lambda: True
    is_idle: Callable[[], bool] = lambda: True

    @property
    def log(self) -> Path:
        """The task's log."""
        return self.find_log()

    @property
    def states(self) -> list[str]:
        """The states that the task has got at its end; on Airflow 2 the one that is in the database."""
        return self.find_states()

    def output(self) -> str:
        """Return what the processes have printed."""
        return (self.folder / OUTPUT).read_text(errors="replace")

    def wait_for_file(self, name: str) -> None:
        """Wait until the task has written a file."""
        path = self.folder / name
        wait_until(path.exists, self.output, failed=self.has_ended, pause=0.05)

    def has_ended(self) -> bool:
        """Whether the supervisor has ended."""
        return self.process.poll() is not None

    def wait(self) -> int:
        """Wait for the end of the supervisor and for all its output, and return its exit code."""
        wait_until(self.has_ended, self.output, pause=0.05)
        wait_until(self.has_all_output, self.output, pause=0.05)
        return self.process.returncode

    def wait_until_idle(self) -> None:
        """Wait until the supervisor prints nothing: Airflow 3's is stuck if SIGTERM comes while it prints a line."""
        wait_until(self.is_idle, self.output, failed=self.has_ended, pause=0.05)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the supervisor."""
        self.process.send_signal(number)


@contextmanager
def task_process(proof: Proof, source: str, **variables: str) -> Iterator[TaskProcess]:
    """Run the task `task` of the DAG `dag` in `source`, in its run `run`; end all processes with the block."""
    run = {"3.3": _run_airflow3, "2.11": _run_airflow2}[LINE]
    with run(proof, source, variables) as task:
        yield task


@contextmanager
def _run_airflow3(proof: Proof, source: str, variables: dict[str, str]) -> Iterator[TaskProcess]:
    with supervised_task(proof, source, variables=variables) as task:
        yield TaskProcess(
            task.supervisor,
            task.folder,
            lambda: task.log,
            lambda: task.api.states,
            task.output.is_complete,
            task.is_idle,
        )


@contextmanager
def _run_airflow2(proof: Proof, source: str, variables: dict[str, str]) -> Iterator[TaskProcess]:
    dags, folder = proof.home / "dags", proof.home / "folder"
    dags.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    (dags / "dag.py").write_text(source)
    environ = proof.environment(FOLDER=str(folder), **variables)
    airflow = [sys.executable, "-m", "airflow"]
    create = [*AIRFLOW_COMMANDS, "dags reserialize", "dags trigger dag --run-id run"]
    subprocess.run(create, env=environ, cwd=CHECKOUT, capture_output=True, check=True)
    with closing(sqlite3.connect(proof.home / "airflow.db")) as database, database:
        database.execute("UPDATE task_instance SET try_number = 1")  # as the scheduler does
    with open(folder / OUTPUT, "wb") as output:
        process = subprocess.Popen(
            [*airflow, *COMMAND, str(dags / "dag.py")],
            env=environ,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )

    def read_states() -> list[str]:
        with closing(sqlite3.connect(proof.home / "airflow.db")) as database:
            return [state for (state,) in database.execute("SELECT state FROM task_instance")]

    def find_log() -> Path:
        return next((proof.home / "logs").glob("dag_id=dag/**/*.log"))

    try:
        yield TaskProcess(process, folder, find_log, read_states)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    children: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        children += psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    for child in children:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
