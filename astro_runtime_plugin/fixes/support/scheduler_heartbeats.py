"""The heartbeats that a scheduler judges others by: those of tasks and of schedulers. Times are epoch seconds."""

from __future__ import annotations

import time
from typing import Any

TIMEOUT_ATTRIBUTES = ("_task_instance_heartbeat_timeout_secs", "_zombie_threshold_secs")  # of 3.3, of 2.11


def last_heartbeat_of_others(runner: Any) -> float | None:
    """Return the last heartbeat of another scheduler, dead or alive; None if there was none before."""
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    others = (Job.job_type == "SchedulerJob", Job.id != runner.job.id)
    with create_session() as session:
        last = session.scalar(select(func.max(Job.latest_heartbeat)).where(*others))
    return float(last.timestamp()) if last else None


def has_silent_task(runner: Any) -> bool:
    """Whether Airflow would fail a task now."""
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.execute(_silent_tasks(runner).limit(1)).first() is not None


def _silent_tasks(runner: Any) -> Any:
    from datetime import datetime, timezone

    from airflow.jobs.job import Job, JobState
    from airflow.models.taskinstance import TaskInstance as Task
    from sqlalchemy import or_, select

    limit = datetime.fromtimestamp(time.time() - task_timeout(runner), timezone.utc)
    tasks = select(Task.task_id).where(
        Task.state.in_(("running", "restarting")), Task.queued_by_job_id == runner.job.id
    )
    if hasattr(Task, "last_heartbeat_at"):
        return tasks.where(Task.last_heartbeat_at < limit)
    silent = or_(Job.state != JobState.RUNNING, Job.latest_heartbeat < limit)
    return tasks.join(Job, Task.job_id == Job.id).where(silent)


def task_timeout(runner: Any) -> float:
    """Return the seconds without a heartbeat after which Airflow fails a running task."""
    return next(float(vars(runner)[name]) for name in TIMEOUT_ATTRIBUTES if name in vars(runner))


def adoption_timeout() -> float:
    """Return the seconds without a heartbeat after which a scheduler counts as dead."""
    from airflow.configuration import conf

    return float(conf.getint("scheduler", "scheduler_health_check_threshold"))
