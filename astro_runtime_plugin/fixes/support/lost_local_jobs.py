"""Last words about a task of Airflow 2 that was killed, from LocalTaskJob, its supervisor; and about one of those."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from signal import SIGKILL
from typing import Any

from astro_runtime_plugin.fixes.application import check_source
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.last_words import EXECUTE_LOCALLY, ID
from astro_runtime_plugin.fixes.support.last_words import describe_supervisor, kills, write_once


def count_kills_before(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `StandardTaskRunner.start`, with which LocalTaskJob starts the task."""

    @wraps(start)
    def count_and_start(runner: Any) -> Any:
        attempt(ID, None, kills.update)
        return start(runner)

    return count_and_start


def report_memory(handle: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    """Wrap LocalTaskJob's `handle_task_exit`, which logs the exit code and supposes a lack of memory."""

    @wraps(handle)
    def report_and_handle(job: Any, return_code: int) -> None:
        if return_code == -SIGKILL:
            attempt(ID, None, _log_kills, job)
        handle(job, return_code)

    return report_and_handle


def _log_kills(job: Any) -> None:
    from astro_runtime_plugin.fixes.support.memory_kills import describe_kills

    job.log.error(describe_kills(kills.value))


class OsProxy:
    """The module `os` as an executor's module sees it; it keeps the last status of a child."""

    def __init__(self) -> None:
        self.status = 0

    def __getattr__(self, name: str) -> Any:
        """Return what `os` has."""
        return getattr(os, name)

    def waitpid(self, pid: int, options: int) -> tuple[int, int]:
        """Wait as `os.waitpid` does."""
        result = os.waitpid(pid, options)
        self.status = result[1]
        return result


def report_lost_job(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what forks LocalTaskJob in a worker of either executor, and waits for it."""
    proxy = unwrap_span(execute).__globals__["os"] = OsProxy()

    @wraps(execute)
    def execute_and_report(*args: Any, **options: Any) -> Any:
        proxy.status = 0
        attempt(ID, None, kills.update)
        try:
            return execute(*args, **options)
        finally:
            attempt(ID, None, _report_end, proxy.status, *args, *options.values())

    return execute_and_report


def unwrap_span(function: Any) -> Any:
    """Return the function within Airflow's decorator `span`, whose source says nothing about it.

    Raises DifferentSourceError unless it is the one that the fix was proven against.
    """
    if function.__qualname__ != "span.<locals>.wrapper":
        return function
    inner = next(cell.cell_contents for cell in function.__closure__ if callable(cell.cell_contents))
    check_source(EXECUTE_LOCALLY, inner)
    return inner


def _report_end(status: int, *args: Any) -> None:
    if status:
        command = next(arg for arg in args if isinstance(arg, (list, tuple)))
        _report(command, os.waitstatus_to_exitcode(status))


def _report(command: Sequence[str], code: int) -> None:
    from astro_runtime_plugin.fixes.support.try_log import try_of_command

    task_try = try_of_command(command)
    if task_try:
        write_once(*task_try, describe_supervisor(code, kills.value))
