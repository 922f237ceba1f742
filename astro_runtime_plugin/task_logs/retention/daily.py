"""The scheduler's thread that has old task logs deleted once a day, unless another scheduler has."""

from __future__ import annotations

import json
import logging
import random
import time
from hashlib import sha256
from typing import IO, Any, cast

from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin import child_process
from astro_runtime_plugin.background import StoppableWait
from astro_runtime_plugin.database import state
from astro_runtime_plugin.options.text import single_line
from astro_runtime_plugin.options.urls import without_secrets
from astro_runtime_plugin.task_logs.retention.old_logs import DAY_SECONDS
from astro_runtime_plugin.task_logs.settings import TaskLogSettings

log = logging.getLogger("astro_runtime")
TURN = "task log retention"
MODULE = "astro_runtime_plugin.task_logs.retention.process"
HOUR_SECONDS = 60 * 60.0
MAX_FIRST_DELAY = 60.0  # seconds between a scheduler's start and its first look
JITTER = 0.2  # share of a pause
SPARE_SECONDS = 60.0  # for the child process to start
MAX_SECONDS = 4 * HOUR_SECONDS  # for one day's deletions; the rest is left for the next day


class DailyRetention:
    """Deletes what is older than `settings.retention_days`."""

    def __init__(self, settings: TaskLogSettings) -> None:
        self.settings = settings

    def run(self, wait: StoppableWait) -> None:
        """Look every hour whether it is time, until the process ends."""
        wait(random.uniform(0, MAX_FIRST_DELAY))  # noqa: S311 - not a secret
        while True:
            self.clean(wait)
            wait(HOUR_SECONDS * random.uniform(1, 1 + JITTER))  # noqa: S311

    def clean(self, wait: StoppableWait) -> None:
        """Have old logs deleted, if no scheduler did within a day; log how many, or why not, in one line."""
        store, days = without_secrets(self.settings.url), self.settings.retention_days
        try:
            if not state.take_turn(TURN, sha256(self.settings.url.encode()).hexdigest()[:32], DAY_SECONDS):
                return
            before = time.time() - days * DAY_SECONDS
            answer = _ask(wait, (self.settings, before, MAX_SECONDS))
        except SQLAlchemyError as error:  # its message contains the values of the statement
            _warn(store, f"the metadata database cannot be written: {type(error).__name__}")
        except child_process.ChildFailedError as failure:
            _warn(store, str(failure))
        except Exception as error:
            _warn(store, type(error).__name__)
        else:
            _log(store, days, answer)


def _ask(wait: StoppableWait, question: tuple[TaskLogSettings, float, float]) -> dict[str, Any]:
    """Return the answer of the child; end the child when this process ends. Raises ChildFailedError and OSError."""
    child = child_process.start(MODULE, question)
    output = cast("IO[bytes]", child.stdout)
    try:
        has_answer = wait(MAX_SECONDS + SPARE_SECONDS, output.fileno())
        line = output.readline() if has_answer else b""
    finally:
        child.kill()
        code = child.wait()
    if not line:
        raise child_process.ChildFailedError(code)
    answer: dict[str, Any] = json.loads(line)
    return answer


def _log(store: str, days: int, answer: dict[str, object]) -> None:
    deleted = f"{answer['objects']} objects ({answer['bytes']} bytes) older than {days} days from {store}"
    if problem := answer["problem"]:
        log.warning("Task logs: deleted %s; then: %s", deleted, single_line(str(problem)))
    else:
        log.info("Task logs: deleted %s", deleted)


def _warn(store: str, problem: str) -> None:
    log.warning("Task logs: old logs in %s were not deleted: %s", store, problem)
