"""Airflow 2: the task that this process runs, and how it waits for a database that is away."""

from __future__ import annotations

import logging
import time
from typing import Any

from astro_runtime_plugin.fixes.support.database_errors import is_passing_error

log = logging.getLogger("astro_runtime")
PAUSE = 2.0  # seconds between two attempts to connect


class CurrentTask:
    """The session of the task that this process runs, or None; and whether the task's own code may have begun."""

    def __init__(self) -> None:
        self.session: Any = None
        self.began = False


task = CurrentTask()


def wait_for_database(session: Any) -> None:
    """Return once the session's database answers, or after the time that the task's supervisor waits for it."""
    from airflow.configuration import conf
    from sqlalchemy import text

    start, warned = time.monotonic(), False
    while True:
        try:
            session.execute(text("SELECT 1"))
            return
        except Exception as error:
            session.rollback()
            limit = conf.getint("scheduler", "scheduler_zombie_task_threshold")
            if not is_passing_error(error) or time.monotonic() - start > limit:
                return
        if not warned:
            log.warning("astro-runtime: the database is away; the task waits for up to %s s", limit)
        warned = True
        time.sleep(PAUSE)


def wait_with_engine() -> None:
    """Wait in a session of its own."""
    from airflow import settings
    from sqlalchemy.orm import Session

    with Session(settings.engine) as session:
        wait_for_database(session)
