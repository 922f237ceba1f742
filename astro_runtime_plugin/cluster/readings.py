"""Reads the facts from the metadata database, with Airflow's own models. Each function raises SQLAlchemyError."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.configuration import conf
from airflow.jobs.job import Job
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import func, or_, select

from astro_runtime_plugin.cluster.facts import JobBeat, OverdueQueue
from astro_runtime_plugin.component import JOB_TYPES, SCHEDULER
from astro_runtime_plugin.inventory.listing import iso_utc
from astro_runtime_plugin.inventory.recorder import timeout_seconds
from astro_runtime_plugin.options.text import single_line
from entrypoint import capacity

OVERDUE_SECONDS = 60.0  # a worker takes a task within seconds, unless it is busy
MAX_ROWS = 1000
MAX_RUNNING = 20_000  # tasks that are compared with what the workers run
HYBRID = "CeleryKubernetesExecutor"  # of Airflow 2: its queue says which part runs a task


def read_beats() -> list[JobBeat]:
    """Return the jobs that run, or whose component was killed."""
    components = {job_type: component for component, job_type in JOB_TYPES.items()}
    query = select(Job.job_type, Job.hostname, Job.latest_heartbeat, Job.start_date).where(
        Job.state == "running", Job.job_type.in_(components)
    )
    now = datetime.now(timezone.utc)
    with create_session() as session:
        rows = session.execute(query.order_by(Job.latest_heartbeat.desc()).limit(MAX_ROWS)).all()
    return [
        JobBeat(
            components[job_type],
            single_line(host or ""),
            (now - heartbeat).total_seconds(),
            timeout_seconds(components[job_type]),
            iso_utc(start.timestamp()),
        )
        for job_type, host, heartbeat, start in rows
        if heartbeat and start
    ]


def read_overdue() -> list[OverdueQueue]:
    """Return the queues of Celery with tasks that have been queued for long."""
    now = datetime.now(timezone.utc)
    task = TaskInstance
    query = (
        select(task.queue, task.executor, func.count(), func.min(task.queued_dttm))
        .where(task.state == "queued", task.queued_dttm < now - timedelta(seconds=OVERDUE_SECONDS))
        .group_by(task.queue, task.executor)
    )
    with create_session() as session:
        rows = session.execute(query.limit(MAX_ROWS)).all()
    return [
        OverdueQueue(single_line(queue or ""), count, (now - first).total_seconds())
        for queue, executor, count, first in rows
        if _is_celerys(executor, queue)
    ]


def _is_celerys(executor: str | None, queue: str | None) -> bool:
    """Whether a task runs on Celery: by its own executor, or by the first one, which is the default."""
    name = executor or conf.get("core", "executor").split(",")[0]
    if HYBRID in name:
        return bool(
            queue != conf.get("celery_kubernetes_executor", "kubernetes_queue", fallback="kubernetes")
        )
    return capacity.uses_celery(name) or "celery" in name.lower()


def read_running() -> dict[str, str]:
    """Return the host of each task that runs on Celery, by the id of its message."""
    task = TaskInstance
    query = (
        select(task.external_executor_id, task.hostname, task.executor, task.queue)
        .where(task.state == "running", task.external_executor_id.is_not(None))
        .order_by(task.start_date)
    )
    with create_session() as session:
        rows = session.execute(query.limit(MAX_RUNNING)).all()
    return {str(celery_id): single_line(host or "") for celery_id, host, *rest in rows if _is_celerys(*rest)}


def count_orphans() -> int:
    """Return how many tasks that are queued or run were queued by a scheduler without a recent heartbeat.

    Only those of running runs, since schedulers adopt no others. Source: `adopt_or_reset_orphaned_tasks`.
    """
    silent = datetime.now(timezone.utc) - timedelta(seconds=timeout_seconds(SCHEDULER))
    is_dead: Any = or_(Job.state.is_distinct_from("running"), Job.latest_heartbeat < silent)
    query = (
        select(func.count())
        .select_from(TaskInstance)
        .join(Job, Job.id == TaskInstance.queued_by_job_id)
        .join(TaskInstance.dag_run)
        .where(TaskInstance.state.in_(("queued", "running")), DagRun.state == "running")
        .where(Job.job_type == "SchedulerJob", is_dead)
    )
    with create_session() as session:
        return int(session.scalar(query) or 0)


def adoption_interval() -> float:
    """Return the seconds after which a scheduler looks again for the tasks of dead ones."""
    return float(conf.getfloat("scheduler", "orphaned_tasks_check_interval", fallback=300.0))


def uses_celery() -> bool:
    """Whether an executor is Celery's."""
    return capacity.uses_celery(conf.get("core", "executor"))
