"""The child process that deletes old task logs: listing the whole store takes time, and in a folder memory."""

from __future__ import annotations

import io
import logging
import os
import signal
import time
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from astro_runtime_plugin import child_process
from astro_runtime_plugin.task_logs.retention.old_logs import PAUSE_SECONDS, delete_old, log_pattern
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.problems import explain
from astro_runtime_plugin.task_logs.stores.store import open_store


class StopError(Exception):
    """The scheduler has ended, or the time is over."""


def templates() -> list[str]:
    """Return the templates of logs' paths: Airflow keeps each that was ever in use. Raises SQLAlchemyError."""
    from airflow.models.tasklog import LogTemplate
    from airflow.utils.session import create_session

    with create_session() as session:
        return [text for (text,) in session.query(LogTemplate.filename)]


class Pause:
    """Waits between two steps. Raises StopError when the parent has ended, or `seconds` are over."""

    def __init__(self, seconds: float) -> None:
        self._parent = os.getppid()
        self._end = time.monotonic() + seconds

    def __call__(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
        if os.getppid() != self._parent:
            raise StopError("the scheduler has ended")
        if time.monotonic() > self._end:
            raise StopError("the time is over; the rest is for the next day")


def delete(settings: TaskLogSettings, before: float, seconds: float, paths: Iterable[str]) -> dict[str, Any]:
    """Delete the logs to which nothing was written since `before`, within `seconds`; return what was deleted."""
    objects = size = 0
    problem = ""
    pause = Pause(seconds)
    try:
        for deleted in delete_old(open_store(settings), log_pattern(paths), before):
            objects, size = objects + deleted.objects, size + deleted.size
            pause(PAUSE_SECONDS)
    except StopError as error:
        problem = str(error)
    except Exception as error:
        problem = explain(error, "be cleaned", settings)
    return {"objects": objects, "bytes": size, "problem": problem}


def main() -> None:
    """Answer with what was deleted."""
    settings, before, seconds = child_process.read_question()
    logging.disable(logging.CRITICAL)
    # Airflow's log and warnings go to stdout and stderr.
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        signal.alarm(int(seconds) + 30)
        answer = delete(settings, before, seconds, templates())
    child_process.answer(answer)
