from __future__ import annotations

import psutil  # type: ignore[import-untyped]

from testing.proof import Proof
from testing.supervised_task import SupervisedTask, supervised_task
from testing.waiting import wait_until

# Ends like any process: its channels are closed first, the rest of it goes later.
DAG = """
import os
import time
from airflow.sdk import DAG, task

end_now = os._exit


def end_slowly(code):
    os.closerange(0, 1024)
    time.sleep(1)
    end_now(code)


with DAG("dag", schedule=None):
    @task(task_id="task")
    def nothing():
        os._exit = end_slowly

    nothing()
"""
INTERVAL = {"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "600"}
LOOKS = 30


def test_supervisor_waits_for_no_heartbeat_to_notice_the_end_of_its_task(proof: Proof) -> None:
    with supervised_task(proof, DAG, variables=INTERVAL) as task:
        looks: list[bool] = []

        def is_decided() -> bool:
            looks.append(is_unnoticed(task))
            return task.has_ended() or (len(looks) >= LOOKS and all(looks[-LOOKS:]))

        wait_until(is_decided, task.describe, pause=0.1)
        assert task.api.states == ["success"]
        assert task.has_ended() is proof.expect(stock=False, fixed=True)
        assert task.supervisor.returncode == proof.expect(stock=None, fixed=0)


def is_unnoticed(task: SupervisedTask) -> bool:
    """Whether the task's process has ended, but its supervisor has not taken its exit status."""
    try:
        return bool(task.api.pid and psutil.Process(task.api.pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
