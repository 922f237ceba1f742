"""Proof of the fix `full-log-volume`: on Airflow 3.3 a task runs whose log cannot be created."""

from __future__ import annotations

from testing.proof import Proof
from testing.supervised_task import supervised_task

FULL = "/dev/full"
DAG = """
from airflow.sdk import DAG, task

with DAG("dag", schedule=None):
    @task(task_id="task")
    def work():
        print("without room", flush=True)

    work()
"""


def test_task_starts_without_the_folder_of_its_log(proof: Proof) -> None:
    (proof.home / "logs").symlink_to(FULL)
    with supervised_task(proof, DAG) as task:
        assert (task.wait() == 0) is proof.expect(stock=False, fixed=True)
        assert task.api.states == proof.expect(stock=[], fixed=["success"])
