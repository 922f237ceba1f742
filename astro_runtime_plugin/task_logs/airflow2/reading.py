"""The log of a try as Airflow 2's web server and API show it: its parts, from the store and from this machine.

The parts are the task's own log, what triggers wrote for it, and what Airflow's components said about it; each is a log
by itself. Their lines are merged by time. `metadata` says how far each part was read, in bytes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, NamedTuple

from astro_runtime_plugin.task_logs.layout import MAX_BYTES, StoredObject, check_path, end_of, log_path
from astro_runtime_plugin.task_logs.reading.merging import merge_by_time
from astro_runtime_plugin.task_logs.reading.page_store import AWAY_NOTE, page_store
from astro_runtime_plugin.task_logs.reading.reader import Line, gap_notice, stream_lines, tail_notice
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import StoreError

PIECE_BYTES = (
    8 * 1024 * 1024
)  # of text at a time, and of a part's end where a page does not ask for all of it
SETTLE_SECONDS = 4.0  # after the end of a try in which its last lines may be on their way
START_SECONDS = 10.0  # after the start of a try in which it need not be in the store
PAUSE_SECONDS = 0.2
MAX_PARTS = 100
TIME = re.compile(rb"\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d):?(\d\d)\]")

ALL_OF_IT = "the download has them"

Texts = list[tuple[str, str]]


class _PartLine(NamedTuple):
    path: str
    line: Line

    @property
    def time(self) -> datetime | None:
        return line_time(self.line.data)


class TryLog:
    """The log of a try at `path`, relative to `log_folder`. Raises ValueError for a path that leads elsewhere."""

    def __init__(self, settings: TaskLogSettings, log_folder: str, path: str) -> None:
        self._url, self._path = settings.url, check_path(path)
        self._view = LogView(page_store(settings), log_folder)

    @property
    def problem(self) -> str:
        """Why the store could not be read; empty if it was."""
        return str(self._view.problem or "")

    def read(self, ti: Any, try_number: int, metadata: dict[str, Any]) -> tuple[Texts, dict[str, Any]] | None:
        """Return texts with their host and new metadata; None if nothing is known of this log, nor to come soon."""
        is_active = ti.try_number == try_number and ti.state in ("running", "deferred")
        positions, is_first = _positions(metadata), not isinstance(metadata.get("offset"), dict)
        objects = self._objects() if is_active else self._settled_objects(ti)
        may_come = is_active and _age(ti.start_date) < START_SECONDS and not self.problem
        if not (objects or may_come) and is_first:
            return None
        seen = metadata.get("log_pos") if is_first else 0  # characters of Airflow's own answer before
        if is_first and not seen and metadata.get("download_logs") is False:
            positions = self._ends(objects)
        head = self._head(objects, positions) if is_first and not seen else []
        body, has_more = self._lines(objects, positions, not is_active)
        lines = _behind(body.decode(errors="replace"), seen)
        if self.problem and not has_more and (is_first or not is_active):
            lines = with_problem(self.problem, lines)
        answer = {
            **metadata,
            "offset": positions,
            "log_pos": sum(positions.values()),
            "end_of_log": not is_active,
        }
        if has_more:
            del answer["end_of_log"]  # so Airflow asks for more at once
        return _texts(ti.hostname or "", head, lines), answer

    def _settled_objects(self, ti: Any) -> list[StoredObject]:
        """Return the objects of an ended try, after a moment if its last lines may be on their way."""
        deadline = time.monotonic() + SETTLE_SECONDS  # the worker's clock may be another
        while not _is_settled(objects := self._objects()) and _age(ti.end_date) < SETTLE_SECONDS:
            if self._view.problem or time.monotonic() >= deadline:
                break
            time.sleep(PAUSE_SECONDS)
        return objects

    def _objects(self) -> list[StoredObject]:
        prefix = f"{self._path}."
        objects = self._view.list(self._path)
        return [stored for stored in objects if stored.key == self._path or stored.key.startswith(prefix)]

    def _ends(self, objects: list[StoredObject]) -> dict[str, int]:
        """Return where the last PIECE_BYTES of each part that has more begin, at the start of a line."""
        begins: dict[str, int] = {}
        for path in self._parts(objects):
            start = end_of(path, [stored for stored in objects if log_path(stored.key) == path]) - PIECE_BYTES
            with suppress(StoreError):  # the lines say so
                cut = next(stream_lines(self._view, path, start - 1), None) if start > 0 else None
                begins.update({path: cut.end} if cut else {})
        return begins

    def _lines(
        self, objects: list[StoredObject], positions: dict[str, int], has_ended: bool
    ) -> tuple[bytes, bool]:
        """Return the lines from `positions` on, which move behind them, and whether there are more."""
        streams = [self._part_lines(path, positions.get(path, 0), has_ended) for path in self._parts(objects)]
        text = bytearray()
        try:
            for path, line in merge_by_time(streams, lambda part: part.time):
                text += _notice(gap_notice(line.data)).encode() or line.data
                if line.end != line.offset + len(line.data):  # else it is a piece of a very long line
                    text += b"\n"
                positions[path] = line.end
                if len(text) >= PIECE_BYTES:
                    return bytes(text), True
        except StoreError as error:
            text += _notice(f"*** This log ends here: the store {error}").encode()
        return bytes(text), False

    def _part_lines(self, path: str, start: int, has_ended: bool) -> Iterator[_PartLine]:
        for line in stream_lines(self._view, path, start, unfinished=has_ended):
            yield _PartLine(path, line)

    def _parts(self, objects: list[StoredObject]) -> list[str]:
        """Return the paths of the try's logs, the task's own first."""
        paths = {log_path(stored.key) for stored in objects}
        return sorted(paths, key=lambda path: (path != self._path, path))

    def _head(self, objects: list[StoredObject], positions: dict[str, int]) -> list[str]:
        local = [log_path(stored.key) for stored in objects if self._view.is_local(stored.key)]
        stored = sorted({log_path(each.key) for each in objects if not self._view.is_local(each.key)})
        messages = ["Found in the store:"] if stored else []
        messages += [f"  * {self._url}/{path}" for path in stored]
        messages += ["Found local files:"] if local else []
        messages += [f"  * {self._view.log_folder / path}" for path in local]
        lines = [f"*** {message}" for message in messages or ["Nothing of this log has arrived yet."]]
        group = [" INFO - ::group::Log message source details", *lines, " INFO - ::endgroup::"]
        return [
            *group,
            *(_notice(f"{tail_notice(path, size)}: {ALL_OF_IT}") for path, size in positions.items()),
        ]


def line_time(line: bytes) -> datetime | None:
    """Return the time that Airflow's format puts in front of a line, or None."""
    match = TIME.match(line)
    if match:
        with suppress(ValueError):
            return datetime.fromisoformat((b"%b%b:%b" % match.groups()).decode())
    return None


def with_problem(problem: str, text: str) -> str:
    """Return the text of a log with a note that the store cannot be read: at the end, which a page follows."""
    return f"{text.removesuffix(chr(10))}\n{_notice(AWAY_NOTE.format(problem))}"


def _notice(text: str) -> str:
    """Return a line of the Runtime's own as the page colours it: yellow, for its word."""
    return f"*** Warning: {text.removeprefix('*** ')}" if text else ""


def _positions(metadata: dict[str, Any]) -> dict[str, int]:
    """Return how far each part was read; who asks may have made it up."""
    offsets = metadata.get("offset")
    items = list(offsets.items())[:MAX_PARTS] if isinstance(offsets, dict) else []
    return {path: offset for path, offset in items if isinstance(offset, int) and 0 <= offset <= MAX_BYTES}


def _texts(host: str, head: list[str], body: str) -> Texts:
    """Return one text, or none; like Airflow's, it begins with a line break rather than to end with one."""
    lines = body.removesuffix("\n")
    if head:
        return [(host, "\n".join([*head, lines] if body else head))]
    return [("", f"\n{lines}")] if body else []


def _behind(text: str, seen: Any) -> str:
    """Return what follows the first `seen` characters, which an answer of Airflow's own had without a line break."""
    return text[seen:].removeprefix("\n") if seen and isinstance(seen, int) else text


def _is_settled(objects: list[StoredObject]) -> bool:
    """Whether the try's log has been put together."""
    return bool(objects) and all(stored.key == log_path(stored.key) for stored in objects)


def _age(moment: datetime | None) -> float:
    return (datetime.now(timezone.utc) - moment).total_seconds() if moment else float("inf")
