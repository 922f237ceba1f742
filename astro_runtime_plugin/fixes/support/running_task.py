"""Airflow 2: the task that this process runs, and how it waits for a database that is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_database_outage, is_read_only

if TYPE_CHECKING:
    from astro_runtime_plugin.fixes.support.task_outcome import TaskOutcome

T = TypeVar("T")
ID = "task-result"
PAUSE = 2.0  # seconds between two attempts: a standby that answers already may not take writes yet
REPEATS = 10  # what fails so often although the database answers is no outage
log = logging.getLogger("astro_runtime")


class CurrentTask:
    """The session of the task that this process runs, or None.

    Also whether the task's own code may have begun, what it has returned, and how it ended, if it has. `command` says
    whether the process runs `airflow tasks run`, of a task or of its supervisor.
    """

    def __init__(self) -> None:
        self.command = False
        self.start(None)

    def start(self, session: Any) -> None:
        """Begin with a task that runs in this session."""
        self.session = session
        self.began = False
        self.outcome: TaskOutcome | None = None


task = CurrentTask()


def time_limit() -> int:
    """Return for how many seconds the task's supervisor waits for the database."""
    from airflow.configuration import conf

    return int(conf.getint("scheduler", "scheduler_zombie_task_threshold"))


def outlast(
    call: Callable[[], T],
    recover: Callable[[], None],
    may_repeat: Callable[[Exception], bool] = is_database_outage,
) -> T:
    """Call again for as long as an outage fails the call, and the supervisor waits; return what it returns.

    `recover` waits for the database before each repeat, and brings back what the call begins with.
    """
    end, failures = None, 0
    while True:
        try:
            return call()
        except Exception as error:
            end = end or time.monotonic() + time_limit()
            failures += not is_read_only(error)
            if not may_repeat(error) or failures > REPEATS or time.monotonic() > end:
                raise
        time.sleep(PAUSE)
        attempt(ID, None, recover)


def wait_for_database(session: Any) -> None:
    """Return once the session's database answers, or after the time that the task's supervisor waits for it.

    An idle session is left idle: the commit of a transaction could fail, although nothing was done in it.
    """
    from sqlalchemy import text

    start, warned = time.monotonic(), False
    while True:
        # Else a rollback would undo or expire something.
        idle = not session.in_transaction() and not list(session)
        try:
            session.execute(text("SELECT 1"))
            if idle:
                session.rollback()
            return
        except Exception as error:
            session.rollback()
            limit = time_limit()
            if not is_database_outage(error) or time.monotonic() - start > limit:
                return
        if not warned:
            log.warning("astro-runtime: the database is away; the task waits for up to %s s", limit)
        warned = True
        time.sleep(PAUSE)


def wait_in_task() -> None:
    """Wait in the session of the task that this process runs, if it runs one."""
    if task.session is not None:
        attempt(ID, None, wait_for_database, task.session)


def wait_with_engine() -> None:
    """Wait in a session of its own."""
    from airflow import settings
    from sqlalchemy.orm import Session

    with Session(settings.engine) as session:
        wait_for_database(session)
