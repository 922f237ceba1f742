"""What waits in an executor's memory for a worker although the database does not call it queued.

The scheduler queues a workload in its executor and in the database. If the transaction fails, it queues it once more.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any

BATCH = 100
# The workloads of Airflow 3 other than tasks: the executor's queue, and the table of its ids.
TABLES = {
    "queued_callbacks": ("airflow.models.callback", "Callback"),
    "queued_connection_tests": ("airflow.models.connection_test", "ConnectionTestRequest"),
}


def drop_unsaved(executor: Any) -> None:
    """Drop the workloads that the database does not call queued: the loop will queue them again."""
    from airflow.utils.session import create_session

    for queue in ("queued_tasks", *TABLES):
        unsent = getattr(executor, queue, {})
        keys = list(unsent)
        for first in range(0, len(keys), BATCH):
            batch = keys[first : first + BATCH]
            with create_session() as session:
                queued = _queued(queue, batch, session)
            for key in set(batch) - queued:
                unsent.pop(key, None)


def _queued(queue: str, keys: Collection[Any], session: Any) -> set[Any]:
    if queue in TABLES:
        return _queued_rows(queue, keys, session)
    from airflow.models.taskinstance import TaskInstance

    tasks = session.query(TaskInstance).filter(TaskInstance.filter_for_tis(keys))
    return {task.key for task in tasks if task.state == "queued"}


def _queued_rows(queue: str, keys: Collection[Any], session: Any) -> set[Any]:
    from uuid import UUID

    from sqlalchemy import select

    module, name = TABLES[queue]
    table = getattr(import_module(module), name).__table__.c
    ids = [UUID(str(key)) for key in keys]
    rows = session.execute(select(table.id).where(table.id.in_(ids), table.state == "queued"))
    queued = {str(row.id) for row in rows}
    return {key for key in keys if str(key) in queued}
