"""Airflow 3's lines of a task's log on stdout: its supervisor writes them to a file, as JSON and masked."""

from __future__ import annotations

import json
import os
from typing import Any

from astro_runtime_plugin.task_logs.json_text import load
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.stdout import LogEvent, Place, print_line, warn_once


class PrintedFile:
    """A log file, open for appending, whose lines are printed as well. A `write` gets whole lines."""

    def __init__(self, file: Any, task: TaskIdentity, path: str) -> None:
        self._file, self._place = file, Place(task, path)
        self._append, self._flush, self._descriptor = file.write, file.flush, file.fileno()

    def __getattr__(self, name: str) -> Any:
        """Return the file's own attribute; Airflow asks for `name`, `fileno` and `closed`."""
        return getattr(self.__dict__["_file"], name)

    def write(self, data: bytes) -> int:
        """Write to the file, then print; only the file may fail."""
        size: int = self._append(data)
        self._flush()
        try:
            self._print(data)
        except Exception as error:
            warn_once(type(error).__name__)
        return size

    def _print(self, data: bytes) -> None:
        # Others may append to the file, too: only now is it certain where the data is.
        offset = os.lseek(self._descriptor, 0, os.SEEK_CUR) - len(data)
        for text in data.splitlines(keepends=True):
            print_line(self._place.render(max(0, offset), parse(text)))
            offset += len(text)


def parse(text: bytes) -> LogEvent:
    """Return what a line of Airflow's JSON says; any other text is a message."""
    try:
        event = load(text)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return LogEvent("", "info", "", text.decode(errors="replace").rstrip("\n"))
    take = event.pop
    exception, other = take("error_detail", None), take("exception", None)
    return LogEvent(
        _text(take("timestamp", "")),
        _text(take("level", "")),
        _text(take("logger", "")),
        _text(take("event", "")),
        traceback_text(exception or other),
        event or None,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value or "")


def traceback_text(exception: Any) -> str | None:
    """Return structlog's exception, a list of dictionaries with the latest first, as Python prints one."""
    if not exception or isinstance(exception, str):
        return exception or None
    try:
        return "\n\n".join(_stack(stack) for stack in reversed(exception))
    except (AttributeError, TypeError):
        return json.dumps(exception, default=str)


def _stack(stack: dict[str, Any]) -> str:
    frames = [
        f'  File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
        for frame in stack.get("frames") or ()
    ]
    groups = [text for inner in stack.get("exceptions") or () if (text := traceback_text(inner))]
    error = f"{stack.get('exc_type')}: {stack.get('exc_value')}"
    head = ["Traceback (most recent call last):"] if frames else []
    return "\n".join([*head, *frames, error, *(stack.get("exc_notes") or ()), *groups])


def print_log(logger: Any, task: TaskIdentity, path: str) -> None:
    """Let a logger of structlog's that writes to a file print its lines, too. Raises AttributeError for another."""
    import structlog

    file: Any = PrintedFile(logger._logger._file, task, path)
    logger._logger = structlog.BytesLogger(file)


def relative_path(file: Any) -> str:
    """Return the path of a log file as Airflow gives it, relative to its folder of logs; "" for another file."""
    from airflow.sdk.configuration import conf

    folder, name = os.path.abspath(conf.get("logging", "base_log_folder")), os.path.abspath(file.name)
    return os.path.relpath(name, folder) if name.startswith(f"{folder}/") else ""
