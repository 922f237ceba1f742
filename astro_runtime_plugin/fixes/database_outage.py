"""The scheduler outlasts an outage of the database of some minutes instead of exiting.

Airflow retries some of the loop's transactions for a few seconds; an error of any other transaction, and of these
after that, ends the scheduler. Here the loop begins again once the database takes this scheduler's heartbeat: the loop
begins with a search for tasks of dead schedulers, and would find its own. A scheduler that another one has taken for
dead meanwhile exits. What the interrupted loop left in memory is put right before: events of executors that were taken
and not saved are given back, and what waits for its executor although its queueing was not saved is dropped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_database_outage
from astro_runtime_plugin.fixes.support.job_heartbeat import heartbeat_update
from astro_runtime_plugin.fixes.support.lost_database import report_loss
from astro_runtime_plugin.fixes.support.unsaved_workloads import drop_unsaved

log = logging.getLogger("astro_runtime")
MODULE, CLASS = "airflow.jobs.scheduler_job_runner", "SchedulerJobRunner"
ID = "database-outage"
LIMIT = 300.0  # seconds from the first error until the scheduler exits after all
CALM = 60.0  # seconds of a working loop after which an error begins another outage
PAUSE = 2.0  # seconds between two attempts to connect
RESULTS = {True: "goes on", False: "exits, since its job has been ended meanwhile"}
# The events of each executor that the loop has taken and not saved yet.
_events: dict[Any, dict[Any, Any]] = {}
_forgets: list[bool] = []  # not empty once the loop forgets events that are saved; none are kept before


def begin_again(loop: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_run_scheduler_loop`."""

    @wraps(loop)
    def outlast(runner: Any) -> None:
        end = 0.0
        while True:
            start = time.monotonic()
            try:
                return loop(runner)
            except Exception as error:
                now = time.monotonic()
                if not end or now - start > CALM:
                    end = now + LIMIT
                if not attempt(ID, False, _wait_for_return, runner, error, end):
                    raise
            attempt(ID, None, _restore, runner)

    return outlast


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


def _wait_for_return(runner: Any, error: Exception, end: float) -> bool:
    """Whether the error was an outage, and this scheduler lives on before `end` of the monotonic clock."""
    left = end - time.monotonic()
    if not is_database_outage(error) or left <= 0:
        return False
    log.warning(
        "astro-runtime: the scheduler has lost the database (%s), and waits for up to %.0f s",
        type(error).__name__,
        left,
    )
    while True:
        time.sleep(PAUSE)
        alive = write_heartbeat(runner.job)
        if alive is not None:
            log.warning("astro-runtime: the database answers again; the scheduler %s", RESULTS[alive])
            return alive
        if time.monotonic() > end:
            return False


def write_heartbeat(job: Any) -> bool | None:
    """Write the heartbeat of a scheduler's job; False: another scheduler calls it dead, None: the database is away."""
    from datetime import datetime, timezone

    from airflow import settings
    from sqlalchemy.exc import SQLAlchemyError

    now = datetime.now(timezone.utc)
    try:
        settings.Session.remove()
        with settings.engine.begin() as connection:
            alive = connection.execute(heartbeat_update(job.id, now)).rowcount == 1
    except SQLAlchemyError:
        return None
    if alive:
        report_loss(job.latest_heartbeat.timestamp())
        job.latest_heartbeat = now  # Airflow 3 writes this before its next heartbeat
    return bool(alive)


def _restore(runner: Any) -> None:
    """Give the executors what the interrupted loop took, and take from them what it did not save."""
    for executor, events in _events.items():
        for key, event in events.items():
            executor.event_buffer.setdefault(key, event)
    _events.clear()
    for executor in getattr(runner, "executors", None) or runner.job.executors:
        drop_unsaved(executor)


FIX = Fix(
    id=ID,
    title="The scheduler outlasts an outage of the database of up to 5 minutes",
    symptom="A failover of the database of some seconds ends every scheduler.",
    issue="https://github.com/apache/airflow/issues/38252",
    ends="Airflow's scheduler waits for its database in every step of its loop.",
    patches=(
        Patch(MODULE, f"{CLASS}._run_scheduler_loop", ("d7dd5578d64a9b0b", "fec85f5859509fc4"), begin_again),
        Patch(
            MODULE, f"{CLASS}._process_executor_events", ("85a4ef0778daff7f", "057937290e0c540f"), keep_events
        ),
        Patch(MODULE, f"{CLASS}._process_task_event_logs", ("2db738306b6dab6c",), forget_events),
    ),
)
