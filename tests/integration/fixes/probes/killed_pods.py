"""Ends the pods of running tasks of Airflow 2.11; reports which tasks the scheduler then finds to be lost.

The first pod fails, the second is deleted, and the third fails when its task has gone on in another one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.jobs.job import Job
from airflow.models.taskinstance import TaskInstance
from airflow.utils import timezone  # type: ignore[attr-defined]
from airflow.utils.session import create_session
from sqlalchemy import update

from testing.kubernetes_api import kubernetes_namespace
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks
from testing.scheduler_parts import start_scheduler
from testing.waiting import wait_until


def run_task(task_id: str, hostname: str) -> None:
    """Let a task run on a host, in a job that has just sent a heartbeat."""
    with create_session() as session:
        job = Job(job_type="LocalTaskJob", state="running", latest_heartbeat=timezone.utcnow())
        session.add(job)
        session.flush()
        row = update(TaskInstance).where(TaskInstance.task_id == task_id)
        session.execute(row.values(state="running", job_id=job.id, hostname=hostname))


def lost_tasks(scheduler: Any) -> list[str]:
    """Return the tasks that the scheduler's search for lost heartbeats finds after it has heard of the pods."""
    scheduler._standalone_dag_processor = True
    with create_session() as session:
        scheduler._process_executor_events(executor=executor, session=session)
        return sorted(task.task_id for task, *_ in scheduler._find_zombies(session=session))


with kubernetes_namespace(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    tasks = create_tasks(3)
    scheduler = start_scheduler(executor)
    with create_session() as session:
        session.execute(update(TaskInstance).values(queued_by_job_id=executor.job_id))
    queue_tasks(executor, tasks)
    wait_until(lambda: executor.heartbeat() or len(kubernetes.pods) == len(tasks))
    failed, deleted, deferred = kubernetes.pods
    for pod, hostname in (
        (failed, failed.metadata.name),
        (deleted, f"{deleted.metadata.name}.pods"),
        (deferred, "x"),
    ):
        kubernetes.set_phase(pod, "Running")
        run_task(pod.metadata.annotations["task_id"], hostname)
    kubernetes.delete(deleted)
    for pod in (failed, deferred):
        kubernetes.set_phase(pod, "Failed")
    wait_until(lambda: executor.heartbeat() or not executor.running)
    report({"lost": lost_tasks(scheduler)})
    executor.end()
