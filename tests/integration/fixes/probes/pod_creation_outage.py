"""Lets a real KubernetesExecutor fail to create a pod until the scheduler revokes the task and queues it again."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from testing.kubernetes_api import kubernetes_namespace
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks, saved_tasks, take_states
from testing.scheduler_parts import outcome, start_scheduler
from testing.waiting import wait_until


def set_values(**values: Any) -> None:
    with create_session() as session:
        session.execute(update(TaskInstance).values(values))


with kubernetes_namespace(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    tasks = create_tasks(1)
    scheduler = start_scheduler(executor)
    executor._last_completed_pod_adoption = float("inf")  # none is due while the server fails
    queued = {"state": "queued", "queued_by_job_id": executor.job_id}
    set_values(**queued, queued_dttm=tasks[0].queued_dttm - timedelta(hours=1))
    queue_tasks(executor, tasks)
    kubernetes.proxy.failure = 503
    executor.heartbeat()
    failed = {"states": take_states(executor), "pauses": executor.create_pods_after is not None}
    kubernetes.proxy.failure = None
    error = outcome(scheduler._handle_tasks_stuck_in_queued)
    assert (error, [state for state, _ in saved_tasks()]) == ("", ["scheduled"])
    set_values(**queued)
    queue_tasks(executor, tasks)
    wait_until(lambda: executor.heartbeat() or executor.task_queue.empty())
    report({"failed": failed, "pods": len(kubernetes.pods)})
    executor.end()
