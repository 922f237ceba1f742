"""Airflow 2's lines of a task's log on stdout: the processes of a task write them through a handler."""

from __future__ import annotations

import logging
import os
from datetime import datetime, timezone
from typing import Any

from astro_runtime_plugin.task_logs.shipping.spool import TaskIdentity
from astro_runtime_plugin.task_logs.stdout import MARK, STDOUT, Line, print_line, render, write_all


def print_record(inner: logging.Handler, task: TaskIdentity, path: str, record: logging.LogRecord) -> None:
    """Print a record that `inner`, the handler of a log file, has just written."""
    stream: Any = getattr(inner, "stream", None)
    offset = 0
    if stream is not None:
        size = len((inner.format(record) + inner.terminator).encode(errors="replace"))  # type: ignore[attr-defined]
        # Several processes append to the file: after the write it is certain where the record is.
        offset = max(0, os.lseek(stream.fileno(), 0, os.SEEK_CUR) - size)
    print_line(render(task, path, offset, record_line(record)))


def record_line(record: logging.LogRecord) -> Line:
    """Return what a record says, with Airflow's masking, which an operator's own handler may lack."""
    from airflow.utils.log.secrets_masker import redact

    exception = logging.Formatter().formatException(record.exc_info) if record.exc_info else record.exc_text
    return Line(
        datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
        record.levelname.lower(),
        record.name,
        str(redact(record.getMessage())),
        str(redact(exception)) if exception else None,
    )


class TaskOutput:
    """The output of a task's own interpreter, which LocalTaskJob writes to the log: but for lines that are printed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readline(self) -> Any:
        """Return the next line that belongs into the log; empty at the end."""
        while line := self._stream.readline():
            data = line if isinstance(line, bytes) else line.encode(errors="replace")
            if not data.startswith(MARK):
                break
            write_all(STDOUT, data)
        return line
