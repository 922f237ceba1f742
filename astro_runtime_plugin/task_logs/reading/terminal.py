"""A task's log for a terminal: the lines of all its parts in the order of their times, and as text."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from astro_runtime_plugin.task_logs.layout import log_path
from astro_runtime_plugin.task_logs.reading.reader import stream_lines
from astro_runtime_plugin.task_logs.stores.store import LogStore

TRIGGER_PART = re.compile(r"\.trigger\.\d+\.log\Z")
TIME = re.compile(r'\[?\{?"?(?:timestamp": ?")?(\d{4}-\d\d-\d\dT[\d:.]+)')
TIME_FIELD = re.compile(r'"timestamp": ?"(\d{4}-\d\d-\d\dT[\d:.]+)')
COLOUR = re.compile(r"\x1b\[[\d;]*[mK]")
PLAIN_FIELDS = ("timestamp", "level", "event", "logger", "error_detail")
LATE_SECONDS = 10.0  # after the end of a try, for what is on its way into the store
POLL_SECONDS = 1.0


class TimedLine(NamedTuple):
    """A line with the time that it carries, or that of the line before it."""

    time: str
    text: str


class TaskLog:
    """The log of a try at `path` in a store, with a triggerer's part of it; `lines` continues where it ended."""

    def __init__(self, store: LogStore, path: str) -> None:
        self.store, self.path = store, path
        self._positions: dict[str, int] = {}
        self._times: dict[str, str] = {}

    def paths(self) -> list[str]:
        """Return the paths of the parts that exist. Raises StoreError."""
        paths = {log_path(stored.key) for stored in self.store.list(self.path)}
        return sorted(path for path in paths if TRIGGER_PART.sub("", path) == self.path)

    def is_complete(self) -> bool:
        """Whether each part is one object. Raises StoreError."""
        keys = {stored.key for stored in self.store.list(self.path)}
        return bool(keys) and keys == {log_path(key) for key in keys}

    def lines(self, unfinished: bool = True) -> Iterator[str]:
        """Yield the lines that `lines` has not yielded yet; a last one without a line break only if `unfinished`."""
        parts = [self._part(path, unfinished) for path in self.paths()]
        return (line.text for line in heapq.merge(*parts, key=lambda line: line.time))

    def _part(self, path: str, unfinished: bool) -> Iterator[TimedLine]:
        for line in stream_lines(self.store, path, self._positions.get(path, 0), unfinished=unfinished):
            self._positions[path] = line.end
            text = line.data.decode(errors="replace")
            self._times[path] = line_time(text) or self._times.get(path, "")
            yield TimedLine(self._times[path], text)


def follow(
    log: TaskLog, has_ended: Callable[[], bool], wait: Callable[[float], object], clock: Callable[[], float]
) -> Iterator[str]:
    """Yield lines as they come, until the try has ended and its log is complete, or late by LATE_SECONDS."""
    ended_at: float | None = None
    while True:
        if ended_at is None and has_ended():
            ended_at = clock()
        is_last = ended_at is not None and (log.is_complete() or clock() - ended_at >= LATE_SECONDS)
        yield from log.lines(unfinished=is_last)
        if is_last:
            return
        wait(POLL_SECONDS)


def line_time(text: str) -> str:
    """Return the time at the beginning of a line of text, or in a line of JSON; empty if there is none."""
    head = text[:1000]
    match = TIME_FIELD.search(head) if head.startswith("{") else TIME.match(head)
    return match[1] if match else ""


def as_text(line: str) -> str:
    """Return a line of a log as text without what controls a terminal; JSON as time, level, event and other fields."""
    fields = _fields(line)
    text = _join(fields) if fields else line
    text = COLOUR.sub("", text)
    return text if text.isprintable() else "".join(map(_visible, text))


def _fields(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and "event" in fields else None


def _join(fields: dict[str, Any]) -> str:
    others = [f"{name}={value}" for name, value in fields.items() if name not in PLAIN_FIELDS]
    level = str(fields.get("level", "")).upper()
    head = [f"[{fields['timestamp']}]" if "timestamp" in fields else "", level, "-" if level else ""]
    words = [*head, str(fields["event"]), *others]
    return "\n".join([" ".join(filter(None, words)), *_traceback(fields.get("error_detail"))])


def _traceback(details: Any) -> Iterator[str]:
    """Yield the lines of the exceptions in a line of Airflow 3; what has another form is printed as it is."""
    for error in details if isinstance(details, list) else ():
        if not isinstance(error, dict):
            yield str(error)
            continue
        for frame in error.get("frames") or ():
            if isinstance(frame, dict):
                yield f'  File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
        yield f"{error.get('exc_type')}: {error.get('exc_value')}"


def _visible(sign: str) -> str:
    return sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1]
