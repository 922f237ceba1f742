"""Runs a task under a real supervisor that uploads its log, and reports what reached the store."""

from __future__ import annotations

from airflow.executors.workloads import BundleInfo
from airflow.executors.workloads.task import TaskInstanceDTO
from airflow.sdk.execution_time.supervisor import supervise_task
from airflow.utils.session import create_session

from testing.dag_run import create_run, in_process_client, set_state, state_of, task_instance
from testing.proof import report
from tests.integration.fixes.probes.failing_store import REQUESTS, STORE

SOURCE = """
from airflow.sdk import dag, task

@dag(schedule=None)
def example():
    @task(task_id="task")
    def say_hello():
        print("the task says hello")
    say_hello()

example()
"""

create_run("example", SOURCE)
set_state("task", "queued", try_number=1)
with create_session() as session:
    instance = TaskInstanceDTO.model_validate(task_instance("task", session), from_attributes=True)
supervise_task(
    ti=instance,
    bundle_info=BundleInfo(name="dags-folder"),
    dag_rel_path="example.py",
    token="",
    log_path="task.log",
    client=in_process_client(),
)
report(
    {
        "state": state_of("task"),
        "uploaded": STORE.exists() and "the task says hello" in STORE.read_text(),
        "requests": len(REQUESTS.read_text().splitlines()),
    }
)
