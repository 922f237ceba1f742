from __future__ import annotations

from testing.proof import Proof
from testing.supervised_task import supervised_task
from testing.waiting import wait_until

DAG = """
from airflow.sdk import DAG, task

with DAG("dag", schedule=None):
    @task(task_id="task")
    def nothing():
        pass

    nothing()
"""
INTERVAL = {"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "600"}


def test_first_heartbeat_is_not_sent_before_the_first_interval_is_over(proof: Proof) -> None:
    with supervised_task(proof, DAG, variables=INTERVAL) as task:
        wait_until(lambda: task.api.states == ["success"], task.describe)
        assert task.api.count("heartbeat") == proof.expect(stock=1, fixed=0)
