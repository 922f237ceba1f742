from __future__ import annotations

import array
import fcntl
import os
import signal
import termios
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from testing.process_signals import is_pending
from testing.proof import Proof
from testing.supervised_task import supervised_task
from testing.waiting import wait_until

# As a pod, with its stdout in a pipe that the test reads when it likes.
POD = """
import os, sys
os.dup2(os.open(os.environ["PIPE"], os.O_WRONLY), 1)
from airflow.executors.workloads import ExecuteTask
from airflow.sdk.execution_time.execute_workload import execute_workload
execute_workload(ExecuteTask.model_validate_json(sys.argv[1]))
"""
DAG = """
import os, time
from pathlib import Path
from airflow.sdk import DAG, BaseOperator

class Work(BaseOperator):
    def execute(self, context):
        print("x" * 1_000_000)
        while not Path(os.environ["FOLDER"], "killed").exists():
            time.sleep(0.05)

    def on_kill(self):
        Path(os.environ["FOLDER"], "killed").touch()

with DAG("dag"):
    Work(task_id="task")
"""
PIPE_BYTES = 65536
STUCK_SECONDS = 10  # without an end, after which stock's supervisor is taken to be stuck


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    yield path, reader
    os.close(reader)


def has_part(reader: int) -> bool:
    """Whether the pipe has a part of the task's long line; all of it finds no room."""
    count = array.array("i", [0])
    fcntl.ioctl(reader, termios.FIONREAD, count)
    return count[0] > PIPE_BYTES // 2


def read_all(reader: int) -> None:
    while os.read(reader, PIPE_BYTES):
        pass


def test_signal_amid_a_line_reaches_the_task(proof: Proof, pipe: tuple[Path, int]) -> None:
    path, reader = pipe
    with supervised_task(proof, DAG, command=("-c", POD), variables={"PIPE": str(path)}) as task:
        wait_until(lambda: has_part(reader), task.describe, failed=task.has_ended)
        task.supervisor.send_signal(signal.SIGTERM)
        # Before there is room for the rest of the line: else the line might be complete when the signal comes.
        wait_until(lambda: not is_pending(task.supervisor.pid, signal.SIGTERM), task.describe)
        reading = threading.Thread(target=read_all, args=(reader,))
        reading.start()
        seconds = proof.expect(stock=STUCK_SECONDS, fixed=300)
        with suppress(AssertionError):
            wait_until(task.has_ended, seconds=seconds)
        assert task.has_ended() is proof.expect(stock=False, fixed=True)
        assert task.has_file("killed") is proof.expect(stock=False, fixed=True)
    reading.join()
