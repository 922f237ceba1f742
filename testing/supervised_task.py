"""Runs one task of Airflow 3 as a Kubernetes pod does: a supervisor and, as its child, the task's process."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT
from testing.execution_api import Answer, ExecutionApi, execution_api
from testing.proof import Proof
from testing.task_workload import task_workload
from testing.waiting import wait_until

LOG, OUTPUT = "task.log", "supervisor.out"
COMMAND = ("-m", "airflow.sdk.execution_time.execute_workload", "--json-string")
SETTINGS = {"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1", "AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}


class OutputCopy:
    """Writes what comes out of a pipe to a file; a supervisor in a container writes to a pipe, too."""

    def __init__(self, pipe: IO[str], path: Path) -> None:
        self._pipe, self._path = pipe, path
        self._copying = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        with open(self._path, "wb", buffering=0) as file:
            while True:
                poll.poll()
                with self._copying:
                    data = os.read(self._pipe.fileno(), 65536)
                    if not data:
                        return
                    file.write(data)

    def is_complete(self) -> bool:
        """Whether the file has all that was written to the pipe so far."""
        with self._copying:
            return not any(fcntl.ioctl(self._pipe, termios.FIONREAD, bytes(4)))


@dataclass
class SupervisedTask:
    """A running supervisor with its task; `folder` is for files that the task writes."""

    supervisor: subprocess.Popen[str]
    output: OutputCopy
    api: ExecutionApi
    folder: Path
    log: Path

    def wait_for_file(self, name: str) -> str:
        """Wait until the task has written a file, and return its text."""
        path = self.folder / name
        wait_until(path.exists, self.describe, failed=self.has_ended, pause=0.05)
        return path.read_text()

    def has_file(self, name: str) -> bool:
        """Whether the task has written a file."""
        return (self.folder / name).exists()

    def has_ended(self) -> bool:
        """Whether the supervisor has ended."""
        return self.supervisor.poll() is not None

    def is_idle(self) -> bool:
        """Whether the supervisor waits for its task or a server, and prints nothing."""
        before = self._printed_bytes()
        sleeps = psutil.Process(self.supervisor.pid).status() == psutil.STATUS_SLEEPING
        # It does not sleep because the pipe is full: else there would be more in the file, or still in the pipe.
        return sleeps and self.output.is_complete() and self._printed_bytes() == before

    def _printed_bytes(self) -> int:
        return (self.folder / OUTPUT).stat().st_size

    def terminate(self) -> None:
        """Send SIGTERM to the supervisor once it is idle: stock's is stuck if the signal comes while it prints."""
        wait_until(self.is_idle, self.describe, failed=self.has_ended, pause=0.05)
        self.supervisor.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Wait for the end of the supervisor and for all its output, and return its exit code."""
        wait_until(self.has_ended, self.describe, pause=0.05)
        wait_until(self.output.is_complete, self.describe, pause=0.05)
        return self.supervisor.returncode

    def lines(self) -> list[str]:
        """Return the events of the task's log; its last line may be half written."""
        complete = self.log.read_bytes().rpartition(b"\n")[0] if self.log.is_file() else b""
        texts = complete.decode().splitlines()
        return [str(json.loads(text).get("event")) for text in texts if text.startswith("{")]

    def describe(self) -> str:
        """Return what is known of the task, for a failed test."""
        output = (self.folder / OUTPUT).read_text(errors="replace")
        return f"states {self.api.states}\n{output}"


@contextmanager
def supervised_task(
    proof: Proof,
    source: str,
    retries: int = 0,
    command: Sequence[str] = COMMAND,
    variables: Mapping[str, str] | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> Iterator[SupervisedTask]:
    """Run the task `task` of the DAG `dag` in `source`, a DAG file; end both processes with the block.

    The server says that the task has some `retries` left. `variables` are added to the environment, in which FOLDER
    names the folder for the task's files. `answers` are added to the server's.
    """
    dags, folder = proof.home / "dags", proof.home / "folder"
    dags.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    (dags / "dag.py").write_text(source)
    (folder / OUTPUT).touch()
    with execution_api(retries) as api:
        api.answers.update(answers or {})
        address = {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": api.url, "FOLDER": str(folder)}
        environ = proof.environment(**{**SETTINGS, **address, **(variables or {})})
        supervisor = _start([sys.executable, *command, task_workload(LOG)], environ)
        assert supervisor.stdout
        output = OutputCopy(supervisor.stdout, folder / OUTPUT)
        try:
            yield SupervisedTask(supervisor, output, api, folder, proof.home / "logs" / LOG)
        finally:
            _end(supervisor, api)


def _start(command: Sequence[str], environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env=environ,
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _end(supervisor: subprocess.Popen[str], api: ExecutionApi) -> None:
    supervisor.kill()
    supervisor.wait()
    if api.pid:
        with suppress(ProcessLookupError):
            os.killpg(api.pid, signal.SIGKILL)
