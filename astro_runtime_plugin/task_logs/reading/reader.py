"""The log of a try, read from the store in constant memory: its bytes, its lines, its end, and what is added to it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from astro_runtime_plugin.task_logs.layout import Gap, Segment, Stretch, check_path, end_of, segments
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, LogStore, StoreError

READ_BYTES = 16 * BLOCK_BYTES  # at a time
MAX_LINE_BYTES = 2 * 1024 * 1024  # a longer line is read in pieces
FOLLOW_SECONDS = 1.0
MAX_RELISTS = 100  # of objects that vanish while they are read, one after the other
GAP_LINE = "*** {} bytes of this log are missing here (from offset {} to {})"
_GAP_LINE = re.compile(rb" *(\*\*\* \d+ bytes of this log are missing here \(from offset \d+ to \d+\))")


class Line(NamedTuple):
    """A line without its line break: where it begins, its bytes, and where the next one begins."""

    offset: int
    data: bytes
    end: int


def log_size(store: LogStore, path: str) -> int:
    """Return the offset at which the log in the store ends. Raises StoreError, and ValueError for a path."""
    return end_of(path, store.list(check_path(path)))


def read(store: LogStore, path: str, start: int = 0) -> Iterator[tuple[Segment, bytes]]:
    """Yield the log from offset `start` on in blocks of READ_BYTES at most; a gap comes with no bytes.

    Chunks may become part of the whole object meanwhile. Raises StoreError, and ValueError for a path.
    """
    position, vanished = start, 0
    check_path(path)
    while vanished <= MAX_RELISTS:
        plan = segments(path, store.list(path), position)
        try:
            for segment in _confirmed(store, path, plan):
                if isinstance(segment, Gap):
                    position = segment.end
                    yield segment, b""
                    continue
                while position < segment.end:
                    data = read_stretch(store, segment, position)
                    if not data:
                        raise FileNotFoundError(segment.key)
                    position, vanished = position + len(data), 0
                    yield segment, data
        except FileNotFoundError:
            vanished += 1
            continue
        return
    raise StoreError("the objects of a log vanish again and again")


def _confirmed(store: LogStore, path: str, plan: list[Segment]) -> Iterator[Segment]:
    """Yield segments; a gap is looked up again first, since a chunk may have been listed before the one it follows."""
    for segment in plan:
        if isinstance(segment, Gap) and segment not in segments(path, store.list(path), segment.start):
            raise FileNotFoundError(path)
        yield segment


def read_stretch(store: LogStore, segment: Stretch, position: int) -> bytes:
    """Return the log from offset `position`, which lies in the stretch; READ_BYTES at most."""
    offset = segment.skip + position - segment.start
    return store.read(segment.key, offset, offset + min(READ_BYTES, segment.end - position))


def stream_lines(store: LogStore, path: str, start: int = 0, *, unfinished: bool = True) -> Iterator[Line]:
    """Yield the lines of the log from offset `start` on, each without its line break.

    A gap is a line of its own, at the offset where it begins. A line of over MAX_LINE_BYTES comes in pieces.
    The last line comes without a line break only if `unfinished`.
    """
    rest, position = b"", start  # `rest` begins at `position`
    for segment, data in read(store, path, start):
        if isinstance(segment, Gap):
            if rest:
                yield Line(position, rest, segment.start)
            yield Line(segment.start, gap_line(segment), segment.end)
            rest, position = b"", segment.end
            continue
        rest += data
        *lines, rest = rest.split(b"\n")
        for line in lines:
            yield Line(position, line, position := position + len(line) + 1)
        while len(rest) >= MAX_LINE_BYTES:
            piece, rest = rest[:MAX_LINE_BYTES], rest[MAX_LINE_BYTES:]
            yield Line(position, piece, position := position + MAX_LINE_BYTES)
    if rest and unfinished:
        yield Line(position, rest, position + len(rest))


def gap_line(gap: Gap) -> bytes:
    """Return the line that stands for a gap."""
    return GAP_LINE.format(gap.end - gap.start, gap.start, gap.end).encode()


def gap_notice(line: bytes) -> str:
    """Return the text of a line that stands for a gap, also in the whole object; empty for any other line."""
    match = _GAP_LINE.fullmatch(line)
    return match[1].decode() if match else ""


def tail_notice(path: str, left_out: int) -> str:
    """Return what a page says that shows the end of a log, without so many bytes before it."""
    return f"*** The first {left_out / 2**20:.1f} MiB of {path.rpartition('/')[2]} are left out here"


def gap_filler(gap: Gap, position: int, size: int) -> bytes:
    """Return `size` bytes from offset `position` of what stands for a gap in the whole object, as long as the gap."""
    line = (gap_line(gap) + b"\n").rjust(gap.end - gap.start)[-(gap.end - gap.start) :]
    return line[position - gap.start :][:size]


def tail(store: LogStore, path: str, size: int) -> Iterator[Line]:
    """Yield the last lines of the log: those that begin within its last `size` bytes."""
    start = max(log_size(store, path) - size, 0)
    lines = stream_lines(store, path, max(start - 1, 0))
    if start:
        next(lines, None)  # the end of a line that begins earlier, or nothing but its line break
    yield from lines


def follow(
    store: LogStore,
    path: str,
    start: int = 0,
    *,
    ended: Callable[[], bool] = lambda: False,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[Line]:
    """Yield the lines of the log as they come, until `ended` was true before nothing more was found."""
    position = start
    while True:
        is_last = ended()
        for line in stream_lines(store, path, position, unfinished=is_last):
            position = line.end
            yield line
        if is_last:
            return
        wait(FOLLOW_SECONDS)
