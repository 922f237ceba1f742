"""A running task of Airflow 2.11 whose pod has failed ends within seconds, not after five minutes.

KubernetesExecutor reports at once that a pod has failed, or was deleted. The scheduler of 2.11 acts on it only for a
task that is queued; a running one it leaves to its search for lost heartbeats, which looks for jobs that have failed,
or have been silent for `[scheduler] scheduler_zombie_task_threshold` (300 s). Here the job of a task whose pod is gone
counts as failed, so that the next search, every ten seconds, ends or retries the task as usual.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "killed-pods"


def fail_jobs(change: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor._change_state`, which gets the ends of pods."""

    @wraps(change)
    def change_and_fail_job(executor: Any, results: Any, **options: Any) -> None:
        change(executor, results, **options)
        if str(results.state) == "failed":
            attempt(ID, None, fail_job, executor, results)

    return change_and_fail_job


def fail_job(executor: Any, results: Any) -> None:
    """Let the job of a task that runs in the pod of `results` have failed. Raises SQLAlchemyError."""
    from airflow.jobs.job import Job
    from sqlalchemy import update

    from astro_runtime_plugin.fixes.support.queued_tasks import open_session

    with open_session() as session:
        task = running_task(session, executor, results.key)
        if task is not None and is_host(results.pod_name, task.hostname):
            job = update(Job).where(
                Job.id == task.job_id, Job.job_type == "LocalTaskJob", Job.state == "running"
            )
            session.execute(job.values(state="failed"))
            session.commit()


def running_task(session: Any, executor: Any, key: Any) -> Any:
    """Return the task instance of a key if that try of it runs and this executor's scheduler has queued it."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    runs = (TaskInstance.state == "running", TaskInstance.queued_by_job_id == executor.job_id)
    query = select(TaskInstance).where(TaskInstance.filter_for_tis([key]), *runs)
    task = session.scalars(query).one_or_none()
    return task if task is not None and task.try_number == key.try_number else None


def is_host(pod: str, hostname: str) -> bool:
    """Return whether a host name is that of a pod; a task that was deferred continues in another pod."""
    return hostname == pod or hostname.startswith(f"{pod}.")


FIX = Fix(
    id=ID,
    title="A running task whose pod was killed ends, or is retried, within seconds",
    symptom="A task stays running for five minutes after its pod was killed, evicted or deleted.",
    issue="",
    ends="The scheduler of 2.11 acts on the failure of a pod whose task is running, as that of 3.3 does.",
    patches=(
        Patch(
            "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
            "KubernetesExecutor._change_state",
            ("3d2129a79ff5a0b2",),
            fail_jobs,
            ("2.11",),
        ),
    ),
)
