"""What Airflow 3's web server shows of a try's files: their lines by time, since the last answer or from the end.

A page has the last TAIL_BYTES of a file at most, so that a log of any size opens at once; a download has all of it.
What an answer has shown is in its metadata, which Airflow hands back with the next request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, cast

from airflow.utils.log.file_task_handler import (
    LogMetadata,
    StructuredLogMessage,
    _log_stream_to_parsed_log_stream,
)

from astro_runtime_plugin.task_logs.layout import StoredObject, end_of, log_path
from astro_runtime_plugin.task_logs.reading.merging import merge_by_time
from astro_runtime_plugin.task_logs.reading.page_store import AWAY_NOTE
from astro_runtime_plugin.task_logs.reading.reader import (
    MAX_LINE_BYTES,
    gap_notice,
    read,
    stream_lines,
    tail_notice,
)
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, StoreError

TAIL_BYTES = 5 * 1024 * 1024
OFFSET = "offset"  # Airflow's metadata has this key for handlers of other stores
ALL_OF_IT = "`astro-runtime logs` has them, and the API with full_content=true"
Message = tuple[datetime | None, StructuredLogMessage]


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
    offsets = offsets_of(metadata)
    is_whole = metadata.get("download_logs") or "log_pos" in metadata  # so many lines are left out below
    limit = None if is_whole else TAIL_BYTES
    paths = sorted({log_path(stored.key) for stored in files.objects})
    stretches = [stretch_of(files, path, offsets.get(path), limit) for path in paths]
    lines = merged(files.view, stretches)
    if not offsets and "log_pos" not in metadata:
        lines = with_header([source(files.view, path) for path in paths], lines)
    elif not offsets:  # the last answer was Airflow's own, with that many lines
        lines = islice(lines, int(metadata["log_pos"]), None)
    ends = offsets | {each.path: each.end for each in stretches}
    answer = {"end_of_log": files.has_ended, OFFSET: json.dumps(ends)}
    return lines, cast(LogMetadata, answer)


def stretch_of(files: TryFiles, path: str, offset: int | None, limit: int | None) -> PageRange:
    """Return what to read of a file: from `offset` on, or its last `limit` bytes."""
    end = max(end_of(path, files.objects), offset or 0)  # while the store is away, less is there
    is_tail = offset is None and limit is not None and end > limit
    start = end - limit if is_tail and limit else offset or 0
    if not files.has_ended:
        try:
            end = end_of_lines(files.view, path, start, end)
        except StoreError:  # the next answer has it
            end = start
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
    streams = [_messages(view, stretch) for stretch in stretches]
    return (message for _, message in merge_by_time(streams, itemgetter(0)))


def _messages(view: LogView, stretch: PageRange) -> Iterator[Message]:
    """Yield the lines of a file with their times."""
    try:
        if stretch.is_tail:
            yield None, note(f"{tail_notice(stretch.path, stretch.start)}: {ALL_OF_IT}")
        for timestamp, _, message in _log_stream_to_parsed_log_stream(_texts(view, stretch)):
            yield timestamp, message
    except StoreError as error:
        yield None, note(f"*** {stretch.path} ends here: the store {error}")


def _texts(view: LogView, stretch: PageRange) -> Generator[str, None, None]:
    lines = stream_lines(view, stretch.path, max(stretch.start - stretch.is_tail, 0))
    if stretch.is_tail:
        next(lines, None)  # the rest of a line that begins before, if only its line break
    for line in lines:
        if line.offset >= stretch.end:
            return
        gap = gap_notice(line.data)
        yield note(gap).model_dump_json() if gap else line.data.decode(errors="replace")


def note(text: str) -> StructuredLogMessage:
    """Return a line of the Runtime's own."""
    return StructuredLogMessage(event=text, level="warning")  # type: ignore[call-arg]


def with_header(sources: list[str], lines: Iterator[StructuredLogMessage]) -> Iterator[StructuredLogMessage]:
    """Yield the lines behind the group that names their sources, as Airflow's handler does."""
    yield StructuredLogMessage(event="::group::Log message source details")
    yield from (StructuredLogMessage(event=source) for source in sources)
    yield StructuredLogMessage(event="::endgroup::")
    yield from lines


def with_problem(problem: str, lines: Iterable[StructuredLogMessage]) -> Iterator[StructuredLogMessage]:
    """Yield the lines, and a note that the store cannot be read: at the end, which a page follows."""
    yield from lines
    yield note(AWAY_NOTE.format(problem))


def offsets_of(metadata: Mapping[str, Any]) -> dict[str, int]:
    """Return the offsets in the metadata of the last answer, by path."""
    try:
        values = json.loads(metadata.get(OFFSET, "{}"))
        return {str(path): max(0, int(offset)) for path, offset in values.items()}
    except (AttributeError, TypeError, ValueError):
        return {}
