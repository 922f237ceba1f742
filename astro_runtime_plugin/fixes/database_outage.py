"""The scheduler survives an outage of the database of a few minutes instead of exiting.

Airflow retries some of the loop's transactions for a few seconds. An error that lasts longer, or that hits another
transaction, ends the scheduler. With this fix the loop starts again once the database answers. What the interrupted
loop left in memory is put right first: events of executors that were taken but not saved are given back, and tasks that
wait for their executor although their queueing was not saved are dropped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

log = logging.getLogger("astro_runtime")
MODULE, CLASS = "airflow.jobs.scheduler_job_runner", "SchedulerJobRunner"
ID = "database-outage"
LIMIT_SECONDS = 300.0  # from the first error until the scheduler exits after all
CALM_SECONDS = 60.0  # after a loop has worked for so long, an error begins another outage
PAUSE = 2.0  # seconds between two attempts to connect
READ_ONLY = "25006"  # PostgreSQL's error code of a standby that is not promoted yet
# The events of each executor that the loop has taken and not saved yet.
_events: dict[Any, dict[Any, Any]] = {}
_forgets: list[bool] = []  # not empty once `forget_events` is applied: without it no events are kept


def restart_loop(loop: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_run_scheduler_loop`."""

    @wraps(loop)
    def run_through_outages(runner: Any) -> None:
        end = 0.0
        while True:
            start = time.monotonic()
            try:
                return loop(runner)
            except Exception as error:
                now = time.monotonic()
                if not end or now - start > CALM_SECONDS:
                    end = now + LIMIT_SECONDS
                if not attempt(ID, False, _wait_for_return, error, end):
                    raise
            attempt(ID, None, _restore, runner)

    return run_through_outages


def keep_events(process: Callable[..., int]) -> Callable[..., int]:
    """Wrap `_process_executor_events`, which takes the events of an executor; its caller saves them."""

    @wraps(process)
    def keep(runner: Any, executor: Any, *args: Any, **options: Any) -> int:
        attempt(ID, None, _keep_events, executor)
        return process(runner, executor, *args, **options)

    return keep


def _keep_events(executor: Any) -> None:
    if _forgets and executor.event_buffer:
        _events[executor] = dict(executor.event_buffer)


def forget_events(process_logs: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_process_task_event_logs`, which the loop calls once the events are saved."""
    _forgets.append(True)

    @wraps(process_logs)
    def forget(*args: Any, **options: Any) -> None:
        _events.clear()
        process_logs(*args, **options)

    return forget


def is_outage(error: BaseException) -> bool:
    """Whether an error of the loop means that the database was away or takes no writes."""
    from sqlalchemy import exc

    if isinstance(
        error, (exc.OperationalError, exc.InterfaceError, exc.PendingRollbackError, exc.TimeoutError)
    ):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    codes = {getattr(error.orig, name, None) for name in ("pgcode", "sqlstate")}
    return error.connection_invalidated or READ_ONLY in codes


def _wait_for_return(error: Exception, end: float) -> bool:
    """Whether the error was an outage, and the database answers before `end` of the monotonic clock."""
    left = end - time.monotonic()
    if not is_outage(error) or left <= 0:
        return False
    log.warning(
        "astro-runtime: the scheduler has lost the database (%s), and waits for it for %.0f s",
        type(error).__name__,
        left,
    )
    while True:
        time.sleep(PAUSE)
        if _answers():
            log.warning("astro-runtime: the database answers again; the scheduler goes on")
            return True
        if time.monotonic() > end:
            return False


def _answers() -> bool:
    from airflow import settings
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        settings.Session.remove()
        with settings.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _restore(runner: Any) -> None:
    """Give the executors what the interrupted loop took, and take from them what it did not save."""
    for executor, events in _events.items():
        for key, event in events.items():
            executor.event_buffer.setdefault(key, event)
    _events.clear()
    for executor in getattr(runner, "executors", None) or runner.job.executors:
        _drop_unsaved(executor.queued_tasks)


def _drop_unsaved(unsent: dict[Any, Any]) -> None:
    """Drop the tasks that are not queued according to the database: the loop will queue them again."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    keys = list(unsent)
    with create_session() as session:
        for first in range(0, len(keys), 100):
            batch = keys[first : first + 100]
            tasks = session.query(TaskInstance).filter(TaskInstance.filter_for_tis(batch))
            queued = {task.key for task in tasks if task.state == "queued"}
            for key in set(batch) - queued:
                unsent.pop(key, None)


FIX = Fix(
    id=ID,
    title="The scheduler survives an outage of the database of up to 5 minutes",
    symptom="A database failover of a few seconds ends every scheduler.",
    issue="https://github.com/apache/airflow/issues/38252",
    ends="Airflow's scheduler waits for its database in every step of its loop.",
    patches=(
        Patch(MODULE, f"{CLASS}._run_scheduler_loop", ("d7dd5578d64a9b0b", "fec85f5859509fc4"), restart_loop),
        Patch(
            MODULE, f"{CLASS}._process_executor_events", ("85a4ef0778daff7f", "057937290e0c540f"), keep_events
        ),
        Patch(MODULE, f"{CLASS}._process_task_event_logs", ("2db738306b6dab6c",), forget_events),
    ),
)
