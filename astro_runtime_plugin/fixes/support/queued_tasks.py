"""Reads the tasks that a scheduler has queued and no worker has begun, and queues them again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

MAX_TASKS = 500  # read at once


@contextmanager
def open_session() -> Iterator[Any]:
    """Open a session apart from the scheduler's, whose transaction is not touched."""
    from sqlalchemy.orm import Session

    from astro_runtime_plugin.airflow_compat import metadata_engine

    with Session(metadata_engine()) as session:
        yield session


def queued_tasks(session: Any, executor: Any, keys: Collection[Any], seconds: float) -> list[Any]:
    """Return the tasks in `keys` that the executor's scheduler queued at least `seconds` ago, if still queued."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    before = datetime.now(timezone.utc) - timedelta(seconds=seconds)
    query = select(TaskInstance).where(
        TaskInstance.state == "queued",
        TaskInstance.queued_by_job_id == executor.job_id,
        TaskInstance.queued_dttm <= before,
    )
    return [task for task in session.scalars(query.limit(MAX_TASKS)) if task.key in keys]


def queue_again(executor: Any, task: Any) -> None:
    """Put a task back into the executor's queue: its next heartbeat sends it. The session must be open."""
    from astro_runtime_plugin.airflow_compat import line

    queue = PREPARE[line()](executor, task)
    executor.running.discard(task.key)
    queue()


def prepare_workload(executor: Any, task: Any) -> Callable[[], None]:
    """Prepare a task of Airflow 3. Source: `_enqueue_task_instances_with_queued_state` of the scheduler."""
    from airflow.executors.workloads import ExecuteTask

    sentry = getattr(executor, "sentry_integration", "")
    workload = ExecuteTask.make(task, generator=executor.jwt_generator, sentry_integration=sentry)
    return lambda: executor.queue_workload(workload, session=None)


def prepare_command(executor: Any, task: Any) -> Callable[[], None]:
    """Prepare a task of Airflow 2. Source: the same. Raises LookupError if the task has no run.

    The executor needs the run when the session is closed; it is loaded here.
    """
    if task.dag_run is None:
        raise LookupError
    command = task.command_as_list(local=True, pickle_id=task.dag_model.pickle_id)
    return lambda: executor.queue_command(task, command, priority=task.priority_weight, queue=task.queue)


PREPARE: dict[str, Callable[[Any, Any], Callable[[], None]]] = {
    "3.3": prepare_workload,
    "2.11": prepare_command,
}
