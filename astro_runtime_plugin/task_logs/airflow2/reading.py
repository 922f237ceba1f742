"""The log of a try as Airflow 2's web server and API show it: its parts, from the store and from this machine.

The parts are the task's own log, what triggers wrote for it, and what Airflow's components said about it; each is a log
by itself. Their lines are merged by time. `metadata` says how far each part was read, in bytes.
"""

from __future__ import annotations

import heapq
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, NamedTuple

from astro_runtime_plugin.task_logs.layout import MAX_BYTES, StoredObject, check_path, end_of, log_path
from astro_runtime_plugin.task_logs.reading.reader import Line, stream_lines
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store

PIECE_BYTES = (
    8 * 1024 * 1024
)  # of text at a time, and of a part's end where a page does not ask for all of it
SETTLE_SECONDS = 4.0  # after the end of a try in which its last lines may be on their way
START_SECONDS = 10.0  # after the start of a try in which it need not be in the store
PAUSE_SECONDS = 0.2
MAX_PARTS = 100
TIME = re.compile(rb"\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d):?(\d\d)\]")
OLDEST = datetime.min.replace(tzinfo=timezone.utc)

Texts = list[tuple[str, str]]


class _Timed(NamedTuple):
    moment: datetime
    part: int
    path: str
    line: Line


class TryLog:
    """The log of a try at `path`, relative to `log_folder`. Raises ValueError for a path that leads elsewhere."""

    def __init__(self, settings: TaskLogSettings, log_folder: str, path: str) -> None:
        self._url, self._path = settings.url, check_path(path)
        self._problem = ""
        store: LogStore | None = None
        try:
            store = _store(settings, os.getpid())
        except StoreError as error:
            self._problem = str(error)
        self._view = LogView(store, log_folder)

    def read(self, ti: Any, try_number: int, metadata: dict[str, Any]) -> tuple[Texts, dict[str, Any]] | None:
        """Return texts with their host and new metadata; None if nothing is known of this log, nor to come soon."""
        is_active = ti.try_number == try_number and ti.state in ("running", "deferred")
        positions, is_first = _positions(metadata), not isinstance(metadata.get("offset"), dict)
        objects = self._objects() if is_active else self._settled_objects(ti)
        if not objects and is_first and not (is_active and _age(ti.start_date) < START_SECONDS):
            return None
        if is_first and metadata.get("download_logs") is False:
            positions = self._ends(objects)
        head = [*self._sources(objects), *self._left_out(positions)] if is_first else []
        body, has_more = self._lines(objects, positions, not is_active)
        answer = {
            **metadata,
            "offset": positions,
            "log_pos": sum(positions.values()),
            "end_of_log": not is_active,
        }
        if has_more:
            del answer["end_of_log"]  # so Airflow asks for more at once
        return _texts(ti.hostname or "", head, body), answer

    def _settled_objects(self, ti: Any) -> list[StoredObject]:
        """Return the objects of an ended try, after a moment if its last lines may be on their way."""
        while not _is_settled(objects := self._objects()) and _age(ti.end_date) < SETTLE_SECONDS:
            time.sleep(PAUSE_SECONDS)
        return objects

    def _objects(self) -> list[StoredObject]:
        prefix = f"{self._path}."
        objects = self._view.list(self._path)
        self._problem = self._problem or str(self._view.problem or "")
        return [stored for stored in objects if stored.key == self._path or stored.key.startswith(prefix)]

    def _ends(self, objects: list[StoredObject]) -> dict[str, int]:
        """Return where the last PIECE_BYTES of each part that has more begin, at the start of a line."""
        begins: dict[str, int] = {}
        for path in self._parts(objects):
            start = end_of(path, [stored for stored in objects if log_path(stored.key) == path]) - PIECE_BYTES
            cut = next(stream_lines(self._view, path, start - 1), None) if start > 0 else None
            if cut:
                begins[path] = cut.end
        return begins

    def _lines(
        self, objects: list[StoredObject], positions: dict[str, int], has_ended: bool
    ) -> tuple[bytes, bool]:
        """Return the lines from `positions` on, which move behind them, and whether there are more."""
        parts = self._parts(objects)
        streams = [
            self._timed(number, path, positions.get(path, 0), has_ended, len(parts) > 1)
            for number, path in enumerate(parts)
        ]
        text = bytearray()
        try:
            for _, _, path, line in heapq.merge(*streams):
                text += line.data
                if line.end != line.offset + len(line.data):  # else it is a piece of a very long line
                    text += b"\n"
                positions[path] = line.end
                if len(text) >= PIECE_BYTES:
                    return bytes(text), True
        except StoreError as error:
            text += f"*** The store cannot be read: {error}".encode()
        return bytes(text), False

    def _timed(self, number: int, path: str, start: int, has_ended: bool, by_time: bool) -> Iterator[_Timed]:
        """Yield lines with times that never go back, so that each part keeps its order."""
        moment = OLDEST
        for line in stream_lines(self._view, path, start, unfinished=has_ended):
            if by_time:
                moment = max(moment, line_time(line.data) or moment)
            yield _Timed(moment, number, path, line)

    def _parts(self, objects: list[StoredObject]) -> list[str]:
        """Return the paths of the try's logs, the task's own first."""
        paths = {log_path(stored.key) for stored in objects}
        return sorted(paths, key=lambda path: (path != self._path, path))

    def _sources(self, objects: list[StoredObject]) -> list[str]:
        local = [log_path(stored.key) for stored in objects if self._view.is_local(stored.key)]
        stored = sorted({log_path(each.key) for each in objects if not self._view.is_local(each.key)})
        messages = ["Found in the store:"] if stored else []
        messages += [f"  * {self._url}/{path}" for path in stored]
        messages += ["Found local files:"] if local else []
        messages += [f"  * {self._view.log_folder / path}" for path in local]
        messages += [f"The store cannot be read: {self._problem}"] if self._problem else []
        lines = [f"*** {message}" for message in messages or ["Nothing of this log has arrived yet."]]
        return [" INFO - ::group::Log message source details", *lines, " INFO - ::endgroup::"]

    @staticmethod
    def _left_out(positions: dict[str, int]) -> list[str]:
        return [
            f"*** The first {size} bytes of {path} are left out here; the download has them."
            for path, size in positions.items()
        ]


def line_time(line: bytes) -> datetime | None:
    """Return the time that Airflow's format puts in front of a line, or None."""
    match = TIME.match(line)
    if match:
        with suppress(ValueError):
            return datetime.fromisoformat((b"%b%b:%b" % match.groups()).decode())
    return None


@lru_cache(maxsize=4)
def _store(settings: TaskLogSettings, pid: int) -> LogStore:
    """Return the store, once for each process: connections do not survive a fork."""
    return open_store(settings)


def _positions(metadata: dict[str, Any]) -> dict[str, int]:
    """Return how far each part was read; who asks may have made it up."""
    offsets = metadata.get("offset")
    items = list(offsets.items())[:MAX_PARTS] if isinstance(offsets, dict) else []
    return {path: offset for path, offset in items if isinstance(offset, int) and 0 <= offset <= MAX_BYTES}


def _texts(host: str, head: list[str], body: bytes) -> Texts:
    """Return one text, or none; like Airflow's, it begins with a line break rather than to end with one."""
    lines = body.decode(errors="replace").removesuffix("\n")
    if head:
        return [(host, "\n".join([*head, lines] if body else head))]
    return [("", f"\n{lines}")] if body else []


def _is_settled(objects: list[StoredObject]) -> bool:
    """Whether the try's log has been put together."""
    return bool(objects) and all(stored.key == log_path(stored.key) for stored in objects)


def _age(moment: datetime | None) -> float:
    return (datetime.now(timezone.utc) - moment).total_seconds() if moment else float("inf")
