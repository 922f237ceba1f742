"""A task whose store is unusable for all of its run goes on and ends as without one, and everything arrives later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from testing.entrypoint_process import GC_VARIABLE
from testing.s3_server import S3Server
from testing.store_gate import AWAY, OPEN, REFUSALS, SILENT, SLOW, StoreGate, store_gate
from testing.supervised_task import LOG, SupervisedTask
from testing.task_logs import Machine, keys, stored
from testing.waiting import wait_until
from tests.integration.task_logs.airflow3.conftest import WORKER_COMMAND, RunDag
from tests.integration.task_logs.conftest import Place
from tests.integration.task_logs.test_outages import WAITING
from tests.integration.task_logs.test_sizes import MAX_MEMORY, MEGABYTE, peak_memory

DAG = """
import os, time
from pathlib import Path
from airflow.sdk import DAG, task

folder = Path(os.environ["FOLDER"])

def flood():
    for number in range(64):
        print(f"flood {number} " + "x" * 1024 * 1024)

with DAG("dag"):
    @task(task_id="task")
    def work():
        number = 0
        print("the longest line " + "x" * 1024 * 1024)
        (folder / "reached").touch()
        while not (folder / "go").exists():
            number += 1
            print(f"step {number}")
            time.sleep(0.05)
            if (folder / "flood").exists():
                (folder / "flood").unlink()
                flood()
        print("the last line of the task")
    work()
"""
STEPS = 5
VARIABLES = {
    "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True",
    GC_VARIABLE: "700",  # Python's own: memory is measured
}


@pytest.fixture
def gate(s3: S3Server) -> Iterator[StoreGate]:
    with store_gate(s3.ports["s3"], AWAY) as gate:
        yield gate


def steps(task: SupervisedTask) -> int:
    return sum(line.startswith("step ") for line in task.lines())


def wait_for_steps(task: SupervisedTask) -> None:
    """Wait until the task has gone on, and its supervisor has written so."""
    before = steps(task)
    wait_until(lambda: steps(task) >= before + STEPS, task.describe, failed=task.has_ended)


def test_task_goes_on_and_ends_while_the_store_is_unusable(
    s3_place: Place, gate: StoreGate, run_dag: RunDag
) -> None:
    place = Place(s3_place.url, {**s3_place.environ, "AWS_ENDPOINT_URL": gate.url}, s3_place.store)
    with run_dag(place, DAG, variables=VARIABLES, command=WORKER_COMMAND) as task:
        machine = Machine(task.folder.parent, place.url)
        task.wait_for_file("reached")
        wait_until(lambda: machine.status.problem, task.describe)
        wait_for_steps(task)
        for mode in REFUSALS:
            gate.set(mode)
            wait_until(partial(gate.answers.get, mode), task.describe, failed=task.has_ended)
            wait_for_steps(task)
        # Where the first takes long to start, another is, which ends then.
        (shipper,) = wait_until(lambda: len(found := machine.shippers()) == 1 and found, task.describe)
        grown = peaks_of(shipper.pid, task.supervisor.pid, task.api.pid)
        (task.folder / "flood").touch()
        wait_until(lambda: machine.status.pending_bytes > 64 * MEGABYTE, task.describe, failed=task.has_ended)
        answers = gate.answers[gate.mode]
        wait_until(lambda: gate.answers[gate.mode] > answers, task.describe)
        assert max(grown()) < MAX_MEMORY

        gate.set(SILENT)
        wait_until(lambda: gate.counts[SILENT], task.describe, failed=task.has_ended)
        wait_for_steps(task)
        grown_shipper = peaks_of(shipper.pid)
        (task.folder / "go").touch()
        assert task.wait() == 0
        assert task.api.states == ["success"]
        assert keys(s3_place.store) == []

        gate.set(SLOW)
        wait_until(lambda: gate.answers[SLOW] >= 2, task.describe)
        gate.set(OPEN)
        machine.wait_shipped()
        assert max(grown_shipper()) < MAX_MEMORY
        assert task.describe().count(WAITING) == 1
        assert keys(s3_place.store) == [LOG]
        assert stored(s3_place.store, LOG) == task.log.read_bytes()
        numbers = [int(line.split()[1]) for line in task.lines() if line.startswith("step ")]
        assert numbers == [*range(1, len(numbers) + 1)]
        assert "the last line of the task" in task.lines()


def peaks_of(*pids: int) -> Callable[[], list[int]]:
    """Return what tells by how many bytes the peak of each process's memory has grown since now."""
    before = [peak_memory(pid) for pid in pids]
    return lambda: [peak_memory(pid) - peak for pid, peak in zip(pids, before, strict=True)]
