"""What Airflow 3's web server shows of a try's files: their lines by time, since the last answer or from the end.

A page has the last TAIL_BYTES of a file at most, so that a log of any size opens at once; a download has all of it.
What an answer has shown is in its metadata, which Airflow hands back with the next request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import datetime, timezone
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, cast

from airflow.utils.log.file_task_handler import (
    LogMetadata,
    StructuredLogMessage,
    _log_stream_to_parsed_log_stream,
)

from astro_runtime_plugin.task_logs.layout import StoredObject, end_of, log_path
from astro_runtime_plugin.task_logs.reading.reader import MAX_LINE_BYTES, read, stream_lines
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, StoreError

TAIL_BYTES = 5 * 1024 * 1024
OFFSET = "offset"  # Airflow's metadata has this key for handlers of other stores
EARLIEST = datetime.min.replace(tzinfo=timezone.utc)
TAIL_NOTE = "*** The first {} bytes of {} are not shown here; a download with full_content=true has them"
TimedLine = tuple[datetime, int, StructuredLogMessage]


class TryFiles(NamedTuple):
    """The files of a try: their objects in a view, and whether the try has ended."""

    view: LogView
    objects: list[StoredObject]
    has_ended: bool


class PageRange(NamedTuple):
    """What is read of one file: the bytes from `start` to `end`. `is_tail`: a page does not show those before."""

    path: str
    start: int
    end: int
    is_tail: bool = False


def read_try(
    files: TryFiles, metadata: Mapping[str, Any], source: Callable[[LogView, str], str]
) -> tuple[Iterator[StructuredLogMessage], LogMetadata]:
    """Return the lines of a try's files since the `metadata` of the last answer, and the metadata of this one.

    A first answer begins with the `source` of each file.
    """
    offsets = known_offsets(metadata)
    limit = None if metadata.get("download_logs") else TAIL_BYTES
    paths = sorted({log_path(stored.key) for stored in files.objects})
    stretches = [stretch_of(files, path, offsets.get(path), limit) for path in paths]
    lines = merged(files.view, stretches)
    if not offsets and "log_pos" not in metadata:
        lines = with_header([source(files.view, path) for path in paths], lines)
    elif not offsets:  # the last answer was Airflow's own, with that many lines
        lines = islice(lines, int(metadata["log_pos"]), None)
    answer = {"end_of_log": files.has_ended, OFFSET: json.dumps({each.path: each.end for each in stretches})}
    return lines, cast(LogMetadata, answer)


def stretch_of(files: TryFiles, path: str, offset: int | None, limit: int | None) -> PageRange:
    """Return what to read of a file: from `offset` on, or its last `limit` bytes."""
    end = end_of(path, files.objects)
    is_tail = offset is None and limit is not None and end > limit
    start = end - limit if is_tail and limit else min(offset or 0, end)
    if not files.has_ended:
        end = end_of_lines(files.view, path, start, end)
    return PageRange(path, start, end, is_tail)


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


def merged(view: LogView, stretches: list[PageRange]) -> Iterator[StructuredLogMessage]:
    """Yield the lines of several files by their time; those of one file in their order."""
    streams = [_timed(view, stretch, number) for number, stretch in enumerate(stretches)]
    return (message for _, _, message in merge(*streams, key=itemgetter(0, 1)))


def _timed(view: LogView, stretch: PageRange, number: int) -> Iterator[TimedLine]:
    """Yield the lines of a file, each with a time that is not before that of the line above."""
    latest = EARLIEST
    try:
        if stretch.is_tail:
            yield latest, number, note(TAIL_NOTE.format(stretch.start, stretch.path))
        for timestamp, _, message in _log_stream_to_parsed_log_stream(_texts(view, stretch)):
            latest = max(latest, timestamp or latest)
            yield latest, number, message
    except StoreError as error:
        yield latest, number, note(f"*** {stretch.path} cannot be read any further: {error}")


def _texts(view: LogView, stretch: PageRange) -> Generator[str, None, None]:
    lines = stream_lines(view, stretch.path, max(stretch.start - stretch.is_tail, 0))
    if stretch.is_tail:
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


def known_offsets(metadata: Mapping[str, Any]) -> dict[str, int]:
    """Return the offsets in the metadata of the last answer, by path."""
    try:
        values = json.loads(metadata.get(OFFSET, "{}"))
        return {str(path): max(0, int(offset)) for path, offset in values.items()}
    except (AttributeError, TypeError, ValueError):
        return {}
