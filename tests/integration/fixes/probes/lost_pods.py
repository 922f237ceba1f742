"""Deletes one of two pods before they run; reports for which tasks a real KubernetesExecutor creates another one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from astro_runtime_plugin.fixes import lost_pods
from astro_runtime_plugin.fixes.support import overdue_tasks, queued_tasks
from testing.kubernetes_api import kubernetes_namespace
from testing.proof import SELECTION, STOCK, report
from testing.queued_tasks import create_tasks, queue_tasks
from testing.scheduler_parts import start_scheduler
from testing.waiting import wait_until

STOCK_SECONDS = 10  # in which stock does nothing
ROUNDS = 3  # the second one finds the same pod missing; another one creates no further pod
queued_tasks.CHUNK = vars(lost_pods)["MAX_TASKS"] = 1
overdue_tasks.QUEUED_SECONDS, lost_pods.FIRST_PAUSE = 2.0, 1.0
is_stock = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]


def has_reconciled(executor: Any, end: float) -> bool:
    executor.heartbeat()
    reconciler = lost_pods._reconcilers.get(executor)
    return time.monotonic() > end if is_stock else bool(reconciler and reconciler.rounds >= ROUNDS)


with kubernetes_namespace(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    tasks = create_tasks(2)
    start_scheduler(executor)
    with create_session() as session:
        session.execute(update(TaskInstance).values(queued_by_job_id=executor.job_id))
    queue_tasks(executor, tasks)
    wait_until(lambda: executor.heartbeat() or len(kubernetes.pods) == len(tasks))
    deleted = kubernetes.pods[-1]  # not among the first MAX_TASKS
    kubernetes.delete(deleted)
    end = time.monotonic() + STOCK_SECONDS
    wait_until(lambda: has_reconciled(executor, end))
    deleted_task = deleted.metadata.annotations["task_id"]
    pods = [pod.metadata.annotations["task_id"] for pod in kubernetes.pods]
    report({"pods": len(pods), "of the task": pods.count(deleted_task), "running": len(executor.running)})
    executor.end()
