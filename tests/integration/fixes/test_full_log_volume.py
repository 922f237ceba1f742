"""A task, and the components that write logs, go on while there is no room for them, and write when there is."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from testing.installed_line import LINE
from testing.proof import FIXED, Proof
from testing.task_process import TaskProcess, task_process
from testing.waiting import wait_until

LARGEST_FILE = 1 << 30  # bytes; each write behind that fails, as on a full volume
CPU_SECONDS = 5  # many more than the end of a task takes, and few of the endless errors of stock Airflow 2
IMPORTS = {
    "3.3": "from airflow.sdk import DAG, task",
    "2.11": "from airflow import DAG\nfrom airflow.decorators import task",
}[LINE]
DAG = f"""
import os, time
from datetime import datetime
from pathlib import Path
{IMPORTS}

FOLDER = Path(os.environ["FOLDER"])

def wait_for(name):
    while not (FOLDER / name).exists():
        time.sleep(0.05)

with DAG("dag", schedule=None, start_date=datetime(2025, 1, 1)):
    @task(task_id="task")
    def work():
        (FOLDER / "started").touch()
        wait_for("full")
        print("without room", flush=True)
        wait_for("room")
        (FOLDER / "done").touch()
        print("with room", flush=True)

    work()
"""
OUTCOMES = {
    ("3.3", "dag processor"): "OSError",
    ("3.3", "triggerer"): "OSError",
    ("2.11", "dag processor"): "RecursionError",
    ("2.11", "triggerer"): "OSError",
}


@contextmanager
def without_room(log: Path) -> Iterator[None]:
    """Let a log be as large as a file may be."""
    size = log.stat().st_size
    os.truncate(log, LARGEST_FILE)
    yield
    os.truncate(log, size)


def limit_cpu(task: TaskProcess) -> None:
    """Kill each process of a task that uses much of a processor from now on."""
    supervisor = psutil.Process(task.process.pid)
    for process in (supervisor, *supervisor.children(recursive=True)):
        times = process.cpu_times()
        seconds = int(times.user + times.system) + 1 + CPU_SECONDS
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (seconds, seconds))


def test_task_goes_on_while_its_log_has_no_room(proof: Proof) -> None:
    with task_process(proof, DAG) as task:
        resource.prlimit(task.process.pid, resource.RLIMIT_FSIZE, (LARGEST_FILE, resource.RLIM_INFINITY))
        task.wait_for_file("started")
        with without_room(task.log):
            limit_cpu(task)
            (task.folder / "full").touch()
            wait_until(lambda: task.has_ended() or "are lost" in task.output(), task.output)
            assert task.has_ended() is proof.expect(stock=True, fixed=False)
        (task.folder / "room").touch()
        if LINE == "3.3" or proof.mode == FIXED:  # stock Airflow 3 has left the task as an orphan
            wait_until((task.folder / "done").exists, task.output)
        assert (task.wait() == 0) is proof.expect(stock=False, fixed=True)
        stock = {"3.3": list[str](), "2.11": ["running"]}[LINE]
        assert task.states == proof.expect(stock=stock, fixed=["success"])
        assert ("with room" in task.log.read_text()) is proof.expect(stock=False, fixed=True)


@pytest.mark.parametrize("component", ["dag processor", "triggerer"])
def test_component_goes_on_without_a_log(proof: Proof, component: str) -> None:
    outcome = proof.run("full_log_volume", component)
    assert outcome == proof.expect(stock=OUTCOMES[LINE, component], fixed="works")
