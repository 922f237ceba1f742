"""The handler `task` of Airflow 3's web server: a try's log from the store and this machine, while the task runs.

A try has a file for each machine that ran it, under one path, and one for each triggerer that had its trigger. Lines are
merged by their time, and each file keeps its order. A log server is asked only if neither the store nor this machine
has anything, and only if it answers at once.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import cache
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, cast

from airflow.configuration import conf
from airflow.utils.log.file_task_handler import (
    FileTaskHandler,
    LogMetadata,
    StructuredLogMessage,
    _log_stream_to_parsed_log_stream,
)
from airflow.utils.state import TaskInstanceState

from astro_runtime_plugin.task_logs.layout import StoredObject, chunk_offset, end_of, log_path
from astro_runtime_plugin.task_logs.reader import MAX_LINE_BYTES, read, stream_lines
from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings
from astro_runtime_plugin.task_logs.store import BLOCK_BYTES, LogStore, StoreError, open_store
from astro_runtime_plugin.task_logs.view import LogView

log = logging.getLogger("astro_runtime")

TAIL_BYTES = 5 * 1024 * 1024  # of each file that a page shows; a download has everything
TRIGGER = re.compile(r"\.trigger\.\d{1,20}\.log\Z")
FINAL_SECONDS = 2.0  # how long a reader waits for the last lines of a try that has just ended
RECENT_SECONDS = 10.0
PAUSE = 0.2
CONNECT_SECONDS = 1.0  # for a worker's log server
SILENT_SECONDS = 60.0  # for which a log server that did not answer is not asked again
OFFSET = "offset"  # a key of Airflow's own metadata, which goes from page to page in a signed token
RUNNING = (TaskInstanceState.RUNNING, TaskInstanceState.DEFERRED)
EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


class Stretch(NamedTuple):
    """What is read of one file: the bytes from `start` to `end`; those before `start` are `skipped` if it is a tail."""

    path: str
    start: int
    end: int
    skipped: bool = False


class TaskLogHandler(FileTaskHandler):
    """Airflow's handler for files, which reads from the store first."""

    def _read(self, ti: Any, try_number: int, metadata: LogMetadata | None = None) -> Any:
        path = self._render_filename(ti, try_number)
        has_ended = ti.try_number != try_number or ti.state not in RUNNING
        try:
            view, objects = self._objects(ti, path, has_ended)
            if objects:
                return read_try(view, path, objects, dict(metadata or {}), has_ended, self._source)
        except Exception as error:
            _warn_once(type(error).__name__)
        stream, answer = super()._read(ti, try_number, metadata)
        return stream, answer

    def _objects(self, ti: Any, path: str, has_ended: bool) -> tuple[LogView, list[StoredObject]]:
        """Return the objects of the try's files; wait a moment for the rest of one that has just ended."""
        deadline = time.monotonic() + (FINAL_SECONDS if has_ended and ended_recently(ti) else 0)
        while True:
            view = LogView(store(), self.local_base)
            objects = [stored for stored in view.list(path) if belongs(path, stored.key)]
            if is_complete(path, view, objects) or time.monotonic() >= deadline:
                return view, objects
            time.sleep(PAUSE)

    def _source(self, view: LogView, path: str) -> str:
        where = f"{settings().url}/{path}"
        return f"{where} (cannot be read: {view.problem})" if view.problem else where

    def _read_from_logs_server(self, ti: Any, worker_log_rel_path: str) -> Any:
        """Ask a log server, unless it does not even accept a connection."""
        kind = "trigger" if getattr(ti, "triggerer_job", None) else "worker"
        host = ti.triggerer_job.hostname if kind == "trigger" else ti.hostname
        port = conf.getint("logging", f"{kind}_log_server_port", fallback=8794 if kind == "trigger" else 8793)
        if host and not answers(host, port):
            return [f"Could not read served logs: {host} does not answer"], []
        return super()._read_from_logs_server(ti, worker_log_rel_path)

    def _read_remote_logs(self, ti: Any, try_number: int, metadata: Any = None) -> Any:
        """Leave the store out: it has been asked."""
        raise NotImplementedError


def read_try(
    view: LogView,
    path: str,
    objects: list[StoredObject],
    metadata: dict[str, Any],
    has_ended: bool,
    source: Any,
) -> tuple[Iterator[StructuredLogMessage], LogMetadata]:
    """Return the lines of a try's files since the `metadata` of the last answer, and the metadata of this one."""
    offsets = known_offsets(metadata)
    limit = None if metadata.get("download_logs") else TAIL_BYTES
    stretches = [
        stretch_of(
            view,
            name,
            [stored for stored in objects if log_path(stored.key) == name],
            offsets.get(name),
            limit,
            has_ended,
        )
        for name in sorted({log_path(stored.key) for stored in objects})
    ]
    lines = merged(view, stretches)
    if "log_pos" in metadata and not offsets:  # the last answer did not come from here
        lines = islice(lines, int(metadata["log_pos"]), None)
    sources = [source(view, stretch.path) for stretch in stretches]
    answer = {"end_of_log": has_ended, OFFSET: json.dumps({each.path: each.end for each in stretches})}
    return (lines if offsets or "log_pos" in metadata else with_header(sources, lines)), cast(
        LogMetadata, answer
    )


def stretch_of(
    view: LogView,
    path: str,
    objects: list[StoredObject],
    known: int | None,
    limit: int | None,
    has_ended: bool,
) -> Stretch:
    """Return what to read of a file: from the `known` offset on, or its last `limit` bytes."""
    end = end_of(path, objects)
    start = min(known, end) if known is not None else 0
    if known is None and limit is not None and end > limit:
        start = end - limit
    end = end if has_ended else max(start, end_of_lines(view, path, start, end))
    return Stretch(path, start, end, skipped=known is None and start > 0)


def end_of_lines(view: LogView, path: str, start: int, end: int) -> int:
    """Return the offset behind the last line break before `end`; `end` itself if the line is too long to wait for."""
    size = BLOCK_BYTES
    while True:
        begin = max(start, end - size)
        data = b"".join(data for _, data in read(view, path, begin))[: end - begin]
        if b"\n" in data:
            return begin + data.rindex(b"\n") + 1
        if begin == start or size >= MAX_LINE_BYTES:
            return start if end - start < MAX_LINE_BYTES else end
        size *= 4


def merged(view: LogView, stretches: list[Stretch]) -> Iterator[StructuredLogMessage]:
    """Yield the lines of several files by their time; those of one file in their order."""
    streams = [_timed(view, stretch, number) for number, stretch in enumerate(stretches)]
    return (message for _, _, message in merge(*streams, key=itemgetter(0, 1)))


def _timed(
    view: LogView, stretch: Stretch, number: int
) -> Iterator[tuple[datetime, int, StructuredLogMessage]]:
    """Yield the lines of a file, each with a time that is not before that of the line above."""
    latest = EARLIEST
    try:
        if stretch.skipped:
            yield (
                latest,
                number,
                note(
                    f"*** The first {stretch.start} bytes of {stretch.path} are not shown here; a download has them"
                ),
            )
        for timestamp, _, message in _log_stream_to_parsed_log_stream(_texts(view, stretch)):  # type: ignore[arg-type]
            latest = max(latest, timestamp or latest)
            yield latest, number, message
    except StoreError as error:
        yield latest, number, note(f"*** {stretch.path} cannot be read any further: {error}")


def _texts(view: LogView, stretch: Stretch) -> Iterator[str]:
    lines = stream_lines(view, stretch.path, max(stretch.start - 1, 0) if stretch.skipped else stretch.start)
    if stretch.skipped:
        next(lines, None)  # the rest of a line that begins before, if only its line break
    for line in lines:
        if line.offset >= stretch.end:
            return
        yield line.data.decode(errors="replace")


def note(text: str) -> StructuredLogMessage:
    """Return a line of the Runtime's own."""
    return StructuredLogMessage(event=text, level="warning")  # type: ignore[call-arg]


def with_header(sources: list[str], lines: Iterator[StructuredLogMessage]) -> Iterator[StructuredLogMessage]:
    """Yield the lines behind the group that names their sources, as Airflow's handler does."""
    yield StructuredLogMessage(event="::group::Log message source details")
    yield from (StructuredLogMessage(event=source) for source in sources)
    yield StructuredLogMessage(event="::endgroup::")
    yield from lines


def known_offsets(metadata: dict[str, Any]) -> dict[str, int]:
    """Return the offsets in the metadata of the last answer, by path."""
    try:
        values = json.loads(metadata.get(OFFSET, "{}"))
        return {str(path): max(0, int(offset)) for path, offset in values.items()}
    except (AttributeError, TypeError, ValueError):
        return {}


def belongs(path: str, key: str) -> bool:
    """Whether an object is part of the try whose log is at `path`: its own, or a trigger's."""
    name = log_path(key)
    return name == path or (name.startswith(path) and bool(TRIGGER.fullmatch(name, len(path))))


def is_complete(path: str, view: LogView, objects: list[StoredObject]) -> bool:
    """Whether the store has the log as one object."""
    own = [stored.key for stored in objects if log_path(stored.key) == path]
    return bool(own) and all(chunk_offset(path, key) is None and not view.is_local(key) for key in own)


def ended_recently(ti: Any) -> bool:
    """Whether a try has ended so short a time ago that its last lines may be on their way."""
    end = getattr(ti, "end_date", None)
    return end is not None and abs((datetime.now(timezone.utc) - end).total_seconds()) < RECENT_SECONDS


_silent: dict[tuple[str, int], float] = {}


def answers(host: str, port: int) -> bool:
    """Whether a log server accepts a connection; one that did not is not asked again for SILENT_SECONDS."""
    if time.monotonic() - _silent.get((host, port), float("-inf")) < SILENT_SECONDS:
        return False
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError:
        _silent[host, port] = time.monotonic()
        return False
    return True


@cache
def settings() -> TaskLogSettings:
    """Return the settings, which do not change while a process runs."""
    return read_settings(conf)


def store() -> LogStore | None:
    """Return the store, or None if there is none now; a failure is tried again at the next page."""
    try:
        return _opened()
    except StoreError as error:
        _warn_once(str(error))
        return None


@cache
def _opened() -> LogStore:
    return open_store(settings())


@cache
def _warn_once(reason: str) -> None:
    log.warning("astro-runtime: task logs are read as without the store: %s", reason)
