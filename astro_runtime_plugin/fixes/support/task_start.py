"""Airflow 2: what `airflow tasks run` reads and saves around a task, in its supervisor and in its own process.

An error of the database ends the process, and so fails a task whose code has not begun.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from itertools import count
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.running_task import (
    ID,
    outlast,
    task,
    wait_for_database,
    wait_with_engine,
)
from astro_runtime_plugin.fixes.support.task_row import read_row


def wait_at_start(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `airflow tasks run`, for the supervisor as for the task's own process (`--raw`), which may start late."""

    @wraps(run)
    def wait_and_run(*args: Any, **options: Any) -> Any:
        attempt(ID, None, wait_with_engine)
        task.command = True
        try:
            return run(*args, **options)
        finally:
            task.command = False

    return wait_and_run


def read_again(read: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what only reads, in sessions of its own: the task instance, and what the name of its log consists of."""

    @wraps(read)
    def read_or_wait(*args: Any, **options: Any) -> Any:
        return outlast(partial(read, *args, **options), wait_with_engine)

    return read_or_wait


def save_job_again(save: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `Job._add_to_db` and `Job._update_in_db`, for the job of a task's supervisor only."""

    @wraps(save)
    def save_or_wait(*args: Any, **options: Any) -> Any:
        job, session = options.get("job"), options.get("session")  # Airflow passes both by these names
        if job is None or session is None or job.job_type != "LocalTaskJob":
            return save(*args, **options)
        job_id = job.id  # None for a new one; if only the answer was lost, no task refers to its row

        def recover() -> None:
            session.rollback()
            job.id = job_id
            wait_for_database(session)

        return outlast(partial(save, *args, **options), recover)

    return save_or_wait


def start_again(start: Callable[..., bool]) -> Callable[..., bool]:
    """Wrap `check_and_change_state_before_execution`, with which the supervisor sets the task's state to running."""

    @wraps(start)
    def start_or_wait(ti: Any, *args: Any, **options: Any) -> bool:
        calls = count()

        def start_once() -> bool:
            if next(calls) and has_started(ti, options.get("job_id")):
                return True  # only the answer was lost
            return start(ti, *args, **options)

        return outlast(start_once, wait_with_engine)

    return start_or_wait


def has_started(ti: Any, job_id: Any) -> bool:
    """Whether this job, and no other, has started the task, whose process is yet to start."""
    state, started_by, pid = read_row(ti, "state", "job_id", "pid")
    return (state, str(started_by), pid) == ("running", str(job_id), None)
