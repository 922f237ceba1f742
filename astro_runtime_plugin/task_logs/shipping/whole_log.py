"""The whole object of a log as a file that a store can read: block by block, never all of it in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from astro_runtime_plugin.task_logs.layout import Gap, Segment, Stretch
from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES


def whole_log(
    plan: Iterable[Segment], local: Callable[[int, int], bytes], stored: Callable[[Stretch, int], bytes]
) -> BinaryIO:
    """Return the log of the `plan`.

    `local` returns bytes at an offset, so many at most, from this machine's file, or none if they were never in it;
    `stored` returns some of a stretch from an offset on.
    """
    return cast("BinaryIO", io.BufferedReader(_Blocks(_blocks(plan, local, stored)), BLOCK_BYTES))


def _blocks(
    plan: Iterable[Segment], local: Callable[[int, int], bytes], stored: Callable[[Stretch, int], bytes]
) -> Iterator[bytes]:
    for segment in plan:
        position = segment.start
        while position < segment.end:
            size = min(BLOCK_BYTES, segment.end - position)
            data = local(position, size)
            if not data:
                if isinstance(segment, Gap):
                    data = reader.gap_filler(segment, position, size)
                else:
                    data = stored(segment, position)
            position += len(data)
            yield data


class _Blocks(io.RawIOBase):
    """Blocks as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self._rest = self._rest or next(self._blocks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
