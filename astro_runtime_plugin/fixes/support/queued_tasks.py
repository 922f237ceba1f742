"""The tasks that a scheduler has queued and that no worker has begun: how to read them, and to queue them again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

MAX_TASKS = 500  # that are queued again at once
CHUNK = 100  # tasks that are read at once
KEY = ("dag_id", "task_id", "run_id", "try_number", "map_index")  # the fields of Airflow's TaskInstanceKey


@contextmanager
def open_session() -> Iterator[Any]:
    """Open a session apart from the scheduler's, whose transaction is not touched."""
    from sqlalchemy.orm import Session

    from astro_runtime_plugin.airflow_compat import metadata_engine

    with Session(metadata_engine()) as session:
        yield session


def select_keys(*columns: str) -> Any:
    """Return a query for the columns of tasks' keys, in the order of the key's fields, and for these after them."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    return select(*(getattr(TaskInstance, name) for name in (*KEY, *columns)))


def read_keys(session: Any, *conditions: Any) -> Iterator[Any]:
    """Yield the keys of the tasks that the conditions hold for. Raises SQLAlchemyError."""
    from airflow.models.taskinstancekey import TaskInstanceKey

    yield from (TaskInstanceKey(*row) for row in session.execute(select_keys().where(*conditions)))


def is_queued(executor: Any, seconds: float) -> Any:
    """Return the condition for tasks that the executor's scheduler queued `seconds` ago, and that are still queued."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import and_

    return and_(
        TaskInstance.state == "queued",
        TaskInstance.queued_by_job_id == executor.job_id,
        TaskInstance.queued_dttm <= datetime.now(timezone.utc) - timedelta(seconds=seconds),
    )


def queues_by_key(session: Any, executor: Any, keys: Collection[Any], seconds: float) -> dict[Any, str]:
    """Return the queue of each of the tasks that `is_queued` holds for, the one that was queued first as the first."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancekey import TaskInstanceKey

    query = select_keys("queue").where(is_queued(executor, seconds))
    rows = session.execute(query.order_by(TaskInstance.queued_dttm))
    queues = ((TaskInstanceKey(*row[:-1]), row[-1]) for row in rows)
    return {key: queue for key, queue in queues if key in keys}


def queued_tasks(session: Any, executor: Any, keys: Iterable[Any], seconds: float) -> Iterator[Any]:
    """Yield those of the tasks that `is_queued` holds for, roughly in the order of the keys."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    rest = iter(keys)
    while chunk := [*islice(rest, CHUNK)]:
        query = select(TaskInstance).where(is_queued(executor, seconds), TaskInstance.filter_for_tis(chunk))
        yield from [task for task in session.scalars(query) if task.key in chunk]


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
