"""The tasks that a stopping scheduler has queued, and whose executor has not sent them yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from astro_runtime_plugin.fixes.support.queued_tasks import CHUNK, open_session, read_keys
from astro_runtime_plugin.fixes.support.scheduler_executors import scheduler_executors
from astro_runtime_plugin.fixes.support.tasks_in_transit import keys_in_transit, sends_unnoticed


def release_unsent(runner: Any) -> int:
    """Make the tasks scheduled again, for any scheduler; return how many.

    Only those that wait in an executor's queue. What has left it may have been sent, whether the executor calls it
    running or not: LocalExecutor of Airflow 3 calls none so, and its workers go on taking tasks while it ends. On
    Airflow 3, what may have been sent stays queued for whoever takes it over: CeleryExecutor would never hear of the
    second of two messages of a task, and count it as running for ever. If there is no message, `lost-messages` notices
    that after a minute. On Airflow 2 it is made scheduled, too: the second message does no harm, while a queued task
    that nobody can adopt, since it has no id yet, would be reset.
    """
    executors = scheduler_executors(runner)
    unsent: set[Any] = set()
    for executor in executors:
        if not sends_unnoticed(executor):
            unsent |= executor.queued_tasks.keys() - keys_in_transit(executor)
    with open_session() as session:
        count = sum(
            _schedule(session, runner.job.id, keys) for keys in _chunks(session, runner.job.id, unsent)
        )
        session.commit()
    for executor in executors:
        executor.queued_tasks.clear()
    return count


def _chunks(session: Any, job_id: int, unsent: Collection[Any]) -> Iterator[list[Any]]:
    keys = [key for key in read_keys(session, _is_queued_by(job_id)) if key in unsent]
    yield from (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))


def _is_queued_by(job_id: int) -> Any:
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import and_

    return and_(TaskInstance.state == "queued", TaskInstance.queued_by_job_id == job_id)


def _schedule(session: Any, job_id: int, keys: list[Any]) -> int:
    """Source: `_reschedule_stuck_task` of the scheduler."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import update

    values = {
        "state": "scheduled",
        "queued_dttm": None,
        "queued_by_job_id": None,
        "external_executor_id": None,
    }
    change = (
        update(TaskInstance).where(_is_queued_by(job_id), TaskInstance.filter_for_tis(keys)).values(values)
    )
    return int(session.execute(change.execution_options(synchronize_session=False)).rowcount)
