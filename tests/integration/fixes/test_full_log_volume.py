from __future__ import annotations

import resource

import pytest

from testing.proof import Proof
from testing.supervised_task import supervised_task
from testing.waiting import wait_until

FULL = "/dev/full"  # each write to it fails as on a full volume
DAG = """
import os, time
from pathlib import Path
from airflow.sdk import DAG, task

FOLDER = Path(os.environ["FOLDER"])

def wait_for(name):
    while not (FOLDER / name).exists():
        time.sleep(0.05)

with DAG("dag", schedule=None):
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


def limit_files(pid: int, size: int) -> None:
    """Let each write of a process beyond that many bytes of a file fail, as on a full volume."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_task_goes_on_while_its_log_has_no_room(proof: Proof) -> None:
    with supervised_task(proof, DAG) as task:
        task.wait_for_file("started")
        limit_files(task.supervisor.pid, 1)
        (task.folder / "full").touch()
        wait_until(lambda: task.has_ended() or "are lost" in task.describe(), task.describe)
        assert task.has_ended() is proof.expect(stock=True, fixed=False)
        if not task.has_ended():
            limit_files(task.supervisor.pid, resource.RLIM_INFINITY)
        (task.folder / "room").touch()
        wait_until(lambda: task.has_file("done"), task.describe)  # in stock, too: the task is an orphan
        assert (task.wait() == 0) is proof.expect(stock=False, fixed=True)
        assert task.api.states == proof.expect(stock=[], fixed=["success"])
        assert ("with room" in task.lines()) is proof.expect(stock=False, fixed=True)


def test_task_starts_without_the_folder_of_its_log(proof: Proof) -> None:
    (proof.home / "logs").symlink_to(FULL)
    with supervised_task(proof, DAG) as task:
        (task.folder / "full").touch()
        (task.folder / "room").touch()
        code = task.wait()
        assert (code == 0) is proof.expect(stock=False, fixed=True)
        assert task.api.states == proof.expect(stock=[], fixed=["success"])


@pytest.mark.parametrize("component", ["dag processor", "triggerer"])
def test_component_goes_on_without_a_log(proof: Proof, component: str) -> None:
    outcome = proof.run("full_log_volume", component)
    assert outcome == proof.expect(stock="OSError", fixed="works")
