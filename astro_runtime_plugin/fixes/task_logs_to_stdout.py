"""With `[astro_runtime] task_logs_to_stdout`, each line of a task's log is once on stdout, as JSON that names its task.

Airflow copies a task's lines to stdout in pods and with LocalExecutor, and on Airflow 3 with CeleryExecutor if asked
to; a copy does not say which task it is from, and where tasks run side by side, nobody can tell. Here the process that
writes a line prints it as well (`task_logs.stdout`), and Airflow's copies are off. Without the setting nothing changes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch, Wrap
from astro_runtime_plugin.fixes.guard import attempt

ID = "task-logs-to-stdout"
HANDLER = "airflow.utils.log.file_task_handler"


def if_set(wrap: Wrap) -> Wrap:
    """Let a wrapper leave its function alone unless the setting is on."""

    @wraps(wrap)
    def wrap_if_set(function: Any) -> Any:
        return wrap(function) if is_set() else function

    return wrap_if_set


def is_set() -> bool:
    """Whether `[astro_runtime] task_logs_to_stdout` is on."""
    from airflow.configuration import conf

    from astro_runtime_plugin.task_logs.settings import read_settings

    return read_settings(conf).to_stdout


@if_set
def print_supervised(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `start` of Airflow 3's supervisors, which gets the log of a task and forks or executes the task."""

    @wraps(start)
    def start_printed(*args: Any, what: Any, logger: Any = None, **options: Any) -> Any:
        if attempt(ID, False, _print_log, logger, what):
            options["subprocess_logs_to_stdout"] = False
        return start(*args, what=what, logger=logger, **options)

    return start_printed


def _print_log(logger: Any, task_instance: Any) -> bool:
    from astro_runtime_plugin.task_logs.airflow3.stdout import print_log, relative_path
    from astro_runtime_plugin.task_logs.stdout import identity_of

    path = relative_path(logger._logger._file) if logger is not None else ""
    if path:
        print_log(logger, identity_of(task_instance), path)
    return bool(path)


@if_set
def print_trigger(configure: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Airflow 3's `TriggerLoggingFactory`, which opens the log of a trigger at its first line."""

    @wraps(configure)
    def open_printed(factory: Any, processors: Any) -> Any:
        is_new = not hasattr(factory, "bound_logger")
        logger = configure(factory, processors)
        if is_new and factory.ti is not None:
            attempt(ID, False, _print_log, logger, factory.ti)
        return logger

    return open_printed


@if_set
def note_try(set_context: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Airflow 2's `FileTaskHandler.set_context`, which opens the log of a try."""

    @wraps(set_context)
    def note(handler: Any, ti: Any, **options: Any) -> Any:
        result = set_context(handler, ti, **options)
        handler.astro_runtime_try = attempt(ID, None, _try_and_path, handler, ti)
        handler.astro_runtime_pid = os.getpid()
        return result

    return note


def _try_and_path(handler: Any, task_instance: Any) -> tuple[Any, str]:
    from os.path import relpath

    from astro_runtime_plugin.task_logs.stdout import identity_of

    return identity_of(task_instance), relpath(handler.handler.baseFilename, handler.local_base)


@if_set
def print_records(emit: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 2's `FileTaskHandler.emit`."""

    @wraps(emit)
    def emit_and_print(handler: Any, record: Any) -> None:
        is_printed = handler.handler is not None and getattr(handler, "astro_runtime_try", None)
        if is_printed and handler.astro_runtime_pid != os.getpid():
            handler.astro_runtime_pid = os.getpid()
            attempt(ID, None, _open_again, handler.handler)
        emit(handler, record)
        if is_printed:
            attempt(ID, None, _print_record, handler, record)

    return emit_and_print


def _open_again(inner: Any) -> None:
    """Give a process that was forked its own position in the file, which tells where it has written."""
    stream, inner.stream = inner.stream, inner._open()
    if stream is not None:
        stream.close()


def _print_record(handler: Any, record: logging.LogRecord) -> None:
    from astro_runtime_plugin.task_logs.airflow2.stdout import print_record

    task, path = handler.astro_runtime_try
    print_record(handler.handler, task, path, record)


@if_set
def drop_copies(move: Callable[..., Any]) -> Callable[..., AbstractContextManager[None]]:
    """Wrap Airflow 2's `_move_task_handlers_to_root`, which leaves the console's handler beside a task's in pods."""

    @wraps(move)
    @contextmanager
    def move_alone(ti: Any) -> Iterator[None]:
        with move(ti):
            attempt(ID, None, _drop_console)
            yield

    return move_alone


def _drop_console() -> None:
    from airflow.utils.log.file_task_handler import FileTaskHandler

    root = logging.getLogger()
    if any(isinstance(handler, FileTaskHandler) for handler in root.handlers):
        root.handlers[:] = [handler for handler in root.handlers if handler.name != "console"]


@if_set
def pass_lines(read: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 2's `BaseTaskRunner._read_task_logs`: what a task's own interpreter prints is its parent's input."""

    @wraps(read)
    def read_rest(runner: Any, stream: Any) -> None:
        from astro_runtime_plugin.task_logs.airflow2.stdout import TaskOutput

        read(runner, TaskOutput(stream))

    return read_rest


FIX = Fix(
    id=ID,
    title="With `task_logs_to_stdout`, each line of a task's log is on stdout as JSON that names its task and try",
    symptom="A collector got lines of many tasks from one stdout, and could not tell which task a line was from.",
    issue="",
    ends="Airflow prints the lines of tasks' logs as JSON with DAG, run, task, map index and try, on every executor.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "ActivitySubprocess.start",
            ("3b7c00d9ab984ddf",),
            print_supervised,
            ("3.3",),
        ),
        Patch(
            "airflow.sdk.coordinators._subprocess",
            "_PopenActivitySubprocess.start",
            ("77589fcb1dac29b9",),
            print_supervised,
            ("3.3",),
        ),
        Patch(
            "airflow.jobs.triggerer_job_runner",
            "TriggerLoggingFactory.__call__",
            ("2a52cfebcf8d68eb",),
            print_trigger,
            ("3.3",),
        ),
        Patch(HANDLER, "FileTaskHandler.set_context", ("06fdc3f3e8952382",), note_try, ("2.11",)),
        Patch(HANDLER, "FileTaskHandler.emit", ("2e759cdfd0864331",), print_records, ("2.11",)),
        Patch(
            "airflow.cli.commands.task_command",
            "_move_task_handlers_to_root",
            ("53515ce40b6aa91a",),
            drop_copies,
            ("2.11",),
        ),
        Patch(
            "airflow.task.task_runner.base_task_runner",
            "BaseTaskRunner._read_task_logs",
            ("142ea2902d2a20ac",),
            pass_lines,
            ("2.11",),
        ),
    ),
)
