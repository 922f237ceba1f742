"""The tasks that a stopping scheduler's executors have sent, and whose ids the scheduler has not saved yet.

Only a task with the id under which its executor knows it can be adopted. Another one is reset, which costs it a try,
and is sent a second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from astro_runtime_plugin.fixes.support.queued_tasks import open_session
from astro_runtime_plugin.fixes.support.scheduler_executors import scheduler_executors


def save_ids(runner: Any) -> None:
    """Save the ids. Source: `_process_executor_events` of the scheduler. Raises SQLAlchemyError."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import update

    lacks_id = (
        TaskInstance.state == "queued",
        TaskInstance.queued_by_job_id == runner.job.id,
        TaskInstance.external_executor_id.is_(None),
    )
    with open_session() as session:
        for key, sent_id in _sent(runner):
            change = update(TaskInstance).where(TaskInstance.filter_for_tis([key]), *lacks_id)
            values = change.values(external_executor_id=sent_id)
            session.execute(values.execution_options(synchronize_session=False))
        session.commit()


def _sent(runner: Any) -> Iterator[tuple[Any, str]]:
    from airflow.models.taskinstancekey import TaskInstanceKey

    for executor in scheduler_executors(runner):
        for key, (state, info) in executor.event_buffer.items():
            if isinstance(key, TaskInstanceKey) and state == "queued" and isinstance(info, str):
                yield key, info
