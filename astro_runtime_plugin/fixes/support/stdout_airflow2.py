"""Airflow 2: the processes of a task print the records that they write to its log, and nothing copies them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.task_logs_to_stdout import ID


def remember_try(set_context: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap Airflow 2's `FileTaskHandler.set_context`, which opens the log of a try."""

    @wraps(set_context)
    def set_and_remember(handler: Any, ti: Any, **options: Any) -> Any:
        result = set_context(handler, ti, **options)
        handler.astro_runtime_printer = attempt(ID, None, _printer, handler, ti)
        handler.astro_runtime_pid = os.getpid()
        return result

    return set_and_remember


def _printer(handler: Any, task_instance: Any) -> Any:
    from os.path import relpath

    from astro_runtime_plugin.task_logs.airflow2.stdout import RecordPrinter
    from astro_runtime_plugin.task_logs.stdout import identity_of

    path = relpath(handler.handler.baseFilename, handler.local_base)
    return RecordPrinter(handler.handler, identity_of(task_instance), path)


def print_records(emit: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 2's `FileTaskHandler.emit`."""

    @wraps(emit)
    def emit_and_print(handler: Any, record: Any) -> None:
        printer = getattr(handler, "astro_runtime_printer", None) if handler.handler is not None else None
        if printer and handler.astro_runtime_pid != os.getpid():
            handler.astro_runtime_pid = os.getpid()
            attempt(ID, None, printer.open_again)
        emit(handler, record)
        if printer:
            attempt(ID, None, printer.print_record, record)

    return emit_and_print


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

    root, task = logging.getLogger(), logging.getLogger("airflow.task")
    if any(isinstance(handler, FileTaskHandler) for handler in root.handlers):
        root.handlers[:] = [handler for handler in root.handlers if handler.name != "console"]
    elif not any(isinstance(handler, FileTaskHandler) for handler in task.handlers):
        from astro_runtime_plugin.task_logs.stdout import warn_once

        warn_once("the handler `task` writes no file")


def pass_lines(read: Callable[..., None]) -> Callable[..., None]:
    """Wrap Airflow 2's `BaseTaskRunner._read_task_logs`: what a task's own interpreter prints is its parent's input."""

    @wraps(read)
    def read_rest(runner: Any, stream: Any) -> None:
        read(runner, attempt(ID, stream, _rest, stream))

    return read_rest


def _rest(stream: Any) -> Any:
    from astro_runtime_plugin.task_logs.airflow2.stdout import TaskOutput

    return TaskOutput(stream)
