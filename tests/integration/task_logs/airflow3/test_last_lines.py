"""The last lines of a task that is signalled or killed are in the store, each once."""

from __future__ import annotations

import json
import os
import signal

import pytest

from testing.supervised_task import LOG, SupervisedTask
from testing.task_logs import keys, stored, until_stored
from testing.waiting import wait_until
from tests.integration.task_logs.airflow3.conftest import POD_COMMAND, WORKER_COMMAND, RunDag
from tests.integration.task_logs.conftest import Place

COUNT = 2000
DAG = """
import os, signal, time
from pathlib import Path
from airflow.sdk import DAG, BaseOperator

folder = Path(os.environ["FOLDER"])

class Work(BaseOperator):
    def execute(self, context):
        for number in range({count}):
            print(f"line {{number}}")
        if "{end}" == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        (folder / "reached").touch()
        try:
            while "{end}" == "wait" and not (folder / "killed").exists():
                time.sleep(0.05)
        finally:
            print("the last line of the task")

    def on_kill(self):
        print("the words on SIGTERM")
        (folder / "killed").touch()

with DAG("dag"):
    Work(task_id="task")
"""


def source(end: str) -> str:
    return DAG.format(count=COUNT, end=end)


def numbers(place: Place) -> list[int]:
    """Return the numbers of the task's lines in the store."""
    events = [json.loads(line)["event"] for line in stored(place.store, LOG).splitlines()]
    return [int(event.split()[1]) for event in events if event.startswith("line ")]


def assert_whole(place: Place, task: SupervisedTask) -> None:
    assert keys(place.store) == [LOG]
    assert stored(place.store, LOG) == task.log.read_bytes()
    assert numbers(place) == [*range(COUNT)]


@pytest.mark.parametrize("command", [POD_COMMAND, WORKER_COMMAND], ids=["pod", "worker"])
def test_words_on_sigterm_are_in_the_store(
    s3_place: Place, run_dag: RunDag, command: tuple[str, ...]
) -> None:
    with run_dag(s3_place, source("wait"), command=command) as task:
        task.wait_for_file("reached")
        task.supervisor.send_signal(signal.SIGTERM)
        task.wait()
        until_stored(s3_place.store, LOG, lambda _: keys(s3_place.store) == [LOG])
        assert_whole(s3_place, task)
        own = [line for line in task.lines() if "SIGTERM" in line or "last line" in line]
    assert own == ["the words on SIGTERM", "the last line of the task"]


def test_sigterm_during_the_report_of_the_end_loses_nothing(s3_place: Place, run_dag: RunDag) -> None:
    with run_dag(s3_place, source("end")) as task:
        with task.api.hold("/state"):
            assert task.api.is_holding.wait(300), task.describe()
            task.supervisor.send_signal(signal.SIGTERM)
        task.wait()
        assert_whole(s3_place, task)
        assert "the last line of the task" in task.lines()


def test_killed_task_leaves_all_that_it_wrote(s3_place: Place, run_dag: RunDag) -> None:
    with run_dag(s3_place, source("kill")) as task:
        task.wait()
        assert_whole(s3_place, task)
        assert "something else sent SIGKILL" in task.lines()[-1]


def test_killed_supervisor_leaves_all_that_it_wrote(s3_place: Place, run_dag: RunDag) -> None:
    with run_dag(s3_place, source("wait")) as task:
        wait_until(lambda: f"line {COUNT - 1}" in task.lines(), task.describe, failed=task.has_ended)
        os.kill(task.supervisor.pid, signal.SIGKILL)
        until_stored(s3_place.store, LOG, lambda _: keys(s3_place.store) == [LOG])
        assert_whole(s3_place, task)
