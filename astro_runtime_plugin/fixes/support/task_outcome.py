"""Airflow 2: how a task's code ended, and how Airflow goes on from there again when it could not save that.

`_run_raw_task` runs the task's code, and then saves its state in several transactions. If one of them fails, it runs
again with the outcome in place of the code.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from astro_runtime_plugin.fixes.support.task_row import delete_failures, has_dataset_events, read_row

# The states that `_run_raw_task` gives a task instance right before its callbacks and e-mails, and then saves.
REPORTED = ("success", "skipped", "failed", "up_for_retry")
RETURNED = ("success", "skipped", "up_for_reschedule")  # for which it returns None
CALLBACKS = ("on_success_callback", "on_skipped_callback", "on_failure_callback", "on_retry_callback")


class TaskOutcome:
    """The error that ended a task's code, or None; its operator, with rendered fields; and its context."""

    def __init__(self, ti: Any, context: Any, error: BaseException | None) -> None:
        self.error = error
        self._operator, self._context = ti.task, context
        self._is_reported = False

    def note_reports(self, ti: Any) -> None:
        """Notice whether callbacks and e-mails are done; to be called before a rollback, which may forget the state."""
        self._is_reported = self._is_reported or ti.state in REPORTED

    def prepare(self, ti: Any) -> None:
        """Let nothing be reported or counted twice; raises the database's errors."""
        delete_failures(ti)
        if not self._is_reported:
            return
        for callback in CALLBACKS:
            setattr(self._operator, callback, None)
        self._operator.email = None
        if has_dataset_events(ti):  # they are saved before the state is
            self._operator.outlets = []

    def apply(self, ti: Any, context: Any) -> None:
        """Take the place of `_execute_task_with_callbacks`: raise the error, if there is one."""
        context._context = self._context._context  # what the code has put there, for callbacks and datasets
        ti.task = self._operator
        if self.error is not None:
            raise self.error


def resume(run: Callable[[], Any], ti: Any, outcome: TaskOutcome, saved: str | None, error: Exception) -> Any:
    """Run again if the task instance still runs in this process; `saved` is the state that was to be saved.

    If it has that state, only the database's answer was lost. If it has another one, someone else has ended it.
    """
    state, pid, try_number = read_row(ti, "state", "pid", "try_number")
    if (state, pid, try_number) == ("running", os.getpid(), ti.try_number):
        outcome.prepare(ti)
        return run()
    if state != saved:
        raise error
    if state in RETURNED:
        return None
    if state == "deferred":
        from airflow.models.taskinstance import TaskReturnCode

        return TaskReturnCode.DEFERRED
    raise error
