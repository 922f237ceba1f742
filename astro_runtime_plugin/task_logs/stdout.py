"""The lines of tasks' logs on stdout, for collectors: one JSON object for each, with the fields of FIELDS.

The process that writes a line to a try's log prints it as well: it has the line's offset and its secrets are masked,
no line waits for another process, and of a process that is killed at most one line is in the log and not on stdout.
"""

from __future__ import annotations

import logging
import os
import select
from functools import cache
from typing import Any, NamedTuple

from astro_runtime_plugin.task_logs.json_text import dump
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity

log = logging.getLogger("astro_runtime")

STDOUT = 1  # the file descriptor: what `sys.stdout` is in a task's process goes into its log
KIND = "task_log"
MARK = b'{"kind":"%s",' % KIND.encode()  # how each line begins
MAX_BYTES = 16 * 1024  # of a line with its end; container engines split longer ones
MAX_NAME = 250  # characters of the name of a logger
FIELDS = {
    "kind": f"`{KIND}`, which tells these lines from those of the component",
    "dag_id": "the DAG",
    "run_id": "its run",
    "task_id": "the task",
    "map_index": "the index of a mapped task, or -1",
    "try_number": "the try, from 1",
    "log": "the path of the log, relative to `[logging] base_log_folder`; a trigger writes a log of its own",
    "offset": "where the line begins in this machine's file of the log, in bytes",
    "timestamp": "when the line was written, ISO 8601 with the time zone",
    "level": "`debug`, `info`, `warning`, `error` or `critical`",
    "logger": "the name of the logger; `task.stdout` and `task.stderr` are Airflow 3's for what a task prints",
    "message": "the text, without Airflow's prefix",
    "exception": "the traceback as text, or null",
    "fields": "what else the line has, as an object (Airflow 3); absent if there is nothing",
    "cut": f"how many bytes are left out, since a line has at most {MAX_BYTES}: the end of `message`, the beginning of"
    " `exception`, and `fields`; the log has them. Absent if nothing is",
}


class LogEvent(NamedTuple):
    """A line of a log; `exception` is a traceback, `fields` whatever else the line has."""

    timestamp: str
    level: str
    logger: str
    message: str
    exception: str | None = None
    fields: dict[str, Any] | None = None


def identity_of(task_instance: Any) -> TaskIdentity:
    """Return the identity of a task instance of either line."""
    return TaskIdentity(**{name: getattr(task_instance, name) for name in TaskIdentity.model_fields})


class Place:
    """The log of a try, which all of its lines on stdout name: `path` is relative to Airflow's log folder."""

    def __init__(self, task: TaskIdentity, path: str) -> None:
        self._start = dump({"kind": KIND, **task.model_dump(), "log": path})[:-1] + b',"offset":'

    def render(self, offset: int, line: LogEvent) -> bytes:
        """Return a line as JSON with its end, of at most MAX_BYTES; what is no text becomes `?`."""
        if len(line.logger) > MAX_NAME or len(line.level) > MAX_NAME:
            line = line._replace(logger=line.logger[:MAX_NAME], level=line.level[:MAX_NAME])
        result, room = self._encode(offset, line), MAX_BYTES // 2
        while len(result) > MAX_BYTES and room:
            result, room = self._encode(offset, *_cut(line, room)), room // 2
        return result

    def _encode(self, offset: int, line: LogEvent, cut: int = 0) -> bytes:
        timestamp, level, logger, message, exception, fields = line
        content: dict[str, Any] = {
            "timestamp": timestamp,
            "level": level,
            "logger": logger,
            "message": message,
            "exception": exception,
        }
        if fields:
            content["fields"] = fields
        if cut:
            content["cut"] = cut
        return b"%b%d,%b\n" % (self._start, offset, dump(content)[1:])


def _cut(line: LogEvent, room: int) -> tuple[LogEvent, int]:
    """Return the line with `room` bytes for its texts, and how many are left out."""
    exception = (line.exception or "").encode(errors="replace")
    message = line.message.encode(errors="replace")
    fields = dump(line.fields) if line.fields else b""
    end = exception[-room // 2 :] if exception else b""
    start = message[: room - len(end)]
    short = line._replace(
        message=start.decode(errors="ignore"),
        exception=end.decode(errors="ignore") if exception else None,
        fields=None,
    )
    return short, len(message) - len(start) + len(exception) - len(end) + len(fields)


def print_line(data: bytes) -> None:
    """Write to this process's stdout; if that fails, the line is missing there, and one warning is logged."""
    try:
        write_all(STDOUT, data)
    except OSError as error:
        warn_once(error.strerror or type(error).__name__)


def write_all(descriptor: int, data: bytes) -> None:
    """Write to a file descriptor, in one step if it takes as much. Raises OSError."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


@cache
def warn_once(reason: str) -> None:
    """Warn that lines are missing, once for each reason."""
    log.warning("astro-runtime: lines of tasks' logs are missing on stdout: %s", reason)
