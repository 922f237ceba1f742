"""Airflow 3: the processes that write a task's log print its lines."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.task_logs_to_stdout import ID


def print_supervised(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `start` of Airflow 3's supervisors, which gets the log of a task and forks or executes the task."""

    @wraps(start)
    def start_and_print(*args: Any, what: Any, logger: Any = None, **options: Any) -> Any:
        if attempt(ID, False, _print_log, logger, what):
            options["subprocess_logs_to_stdout"] = False
        return start(*args, what=what, logger=logger, **options)

    return start_and_print


def _print_log(logger: Any, task_instance: Any) -> bool:
    from astro_runtime_plugin.task_logs.airflow3.stdout import print_log, relative_path
    from astro_runtime_plugin.task_logs.stdout import identity_of

    path = relative_path(logger._logger._file) if logger is not None else ""
    if path:
        print_log(logger, identity_of(task_instance), path)
    return bool(path)


def print_trigger(configure: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Airflow 3's `TriggerLoggingFactory`, which opens the log of a trigger at its first line."""

    @wraps(configure)
    def open_and_print(factory: Any, processors: Any) -> Any:
        is_new = not hasattr(factory, "bound_logger")
        logger = configure(factory, processors)
        if is_new and factory.ti is not None:
            attempt(ID, False, _print_log, logger, factory.ti)
        return logger

    return open_and_print
