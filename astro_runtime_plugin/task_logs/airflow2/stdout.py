"""Airflow 2's lines of a task's log on stdout: the processes of a task write them through a handler."""

from __future__ import annotations

import logging
import os
from datetime import datetime, timezone
from typing import Any

from airflow.utils.log.secrets_masker import SecretsMasker, redact

from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.stdout import MARK, LogEvent, Place, print_line

FILTERED = SecretsMasker.ALREADY_FILTERED_FLAG


class RecordPrinter:
    """Prints the records that `inner`, the handler of a log file, writes to the log of a try at `path`."""

    def __init__(self, inner: Any, task: TaskIdentity, path: str) -> None:
        self._inner, self._place = inner, Place(task, path)
        self._format, self._text = inner.format, ""
        inner.format = self._remember

    def open_again(self) -> None:
        """Give a process that was forked its own position in the file, which tells where it has written."""
        stream, self._inner.stream = self._inner.stream, self._inner._open()
        if stream is not None:
            stream.close()

    def print_record(self, record: logging.LogRecord) -> None:
        """Print a record that was just written."""
        stream, offset = getattr(self._inner, "stream", None), 0
        if stream is not None:
            size = len((self._text + self._inner.terminator).encode(errors="replace"))
            # Several processes append to the file: after the write it is certain where the record is.
            offset = max(0, os.lseek(stream.fileno(), 0, os.SEEK_CUR) - size)
        print_line(self._place.render(offset, record_line(record)))

    def _remember(self, record: logging.LogRecord) -> str:
        """Format a record for the file, and keep its text, whose size tells where in the file it begins."""
        self._text = str(self._format(record))
        return self._text


def record_line(record: logging.LogRecord) -> LogEvent:
    """Return what a record says, with Airflow's masking, which an operator's own handler may lack."""
    exception = logging.Formatter().formatException(record.exc_info) if record.exc_info else record.exc_text
    return LogEvent(
        datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
        record.levelname.lower(),
        record.name,
        record.msg if _is_masked_text(record) else str(redact(record.getMessage())),
        str(redact(exception)) if exception else None,
    )


def _is_masked_text(record: logging.LogRecord) -> bool:
    """Whether Airflow's filter has masked the whole message; once more would take as long as all the rest here."""
    return FILTERED in record.__dict__ and not record.args and isinstance(record.msg, str)


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
            print_line(data)
        return line
