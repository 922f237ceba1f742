"""Runs a real KubernetesExecutor while the API server fails; a dead scheduler has created its pods."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from astro_runtime_plugin.fixes.support import outage
from testing.kubernetes_api import kubernetes_namespace
from testing.kubernetes_proxy import CLOSED
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks, saved_tasks
from testing.scheduler_parts import end_schedulers, outcome, start_scheduler
from testing.waiting import wait_until


def make_stuck(scheduler: Any, tasks: list[Any]) -> None:
    """Let all tasks have been queued by this scheduler for longer than it allows."""
    values = {"queued_by_job_id": scheduler.job.id, "queued_dttm": tasks[0].queued_dttm - timedelta(hours=1)}
    with create_session() as session:
        session.execute(update(TaskInstance).values(values))


with kubernetes_namespace(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

    first, second = (KubernetesExecutor() for _ in range(2))  # type: ignore[no-untyped-call]
    tasks = create_tasks(2)
    start_scheduler(first)
    with create_session() as session:
        session.execute(update(TaskInstance).values(queued_by_job_id=first.job_id))
    queue_tasks(first, tasks)
    wait_until(lambda: first.heartbeat() or len(kubernetes.pods) == len(tasks))
    end_schedulers()
    scheduler = start_scheduler(second)
    before = saved_tasks()
    away = {}
    for failure in (CLOSED, 503):
        second._last_completed_pod_adoption = float("-inf")  # it is due
        kubernetes.proxy.failure = failure
        away[str(failure)] = {
            "heartbeat": bool(outcome(second.heartbeat)),
            "adoption": bool(outcome(scheduler.adopt_or_reset_orphaned_tasks)),
            "tasks are untouched": saved_tasks() == before,
        }
    kubernetes.proxy.failure = None
    adopted = outcome(scheduler.adopt_or_reset_orphaned_tasks), len(second.running)
    make_stuck(scheduler, tasks)
    before = saved_tasks()
    kubernetes.proxy.failure = 503
    revocation = {
        "error": bool(outcome(scheduler._handle_tasks_stuck_in_queued)),
        "tasks are untouched": saved_tasks() == before,
        "running": len(second.running),
    }
    outage.MAX_SECONDS, kept = 0.0, outage.MAX_SECONDS
    limit = bool(outcome(scheduler._handle_tasks_stuck_in_queued)), saved_tasks() == before
    outage.MAX_SECONDS = kept
    kubernetes.proxy.failure = None
    revoked = outcome(scheduler._handle_tasks_stuck_in_queued), [state for state, _ in saved_tasks()]
    report({"away": away, "adopted": adopted, "revocation": revocation, "limit": limit, "revoked": revoked})
    first.end()
    second.end()
