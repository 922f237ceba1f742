"""The lines of several logs of a try as one: by their times, those of each log in the order in which they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from heapq import merge
from operator import itemgetter
from typing import TypeVar

EARLIEST = datetime.min.replace(tzinfo=timezone.utc)

Item = TypeVar("Item")


def merge_by_time(
    logs: Sequence[Iterable[Item]], time_of: Callable[[Item], datetime | None]
) -> Iterator[Item]:
    """Yield the lines of logs by time, of equal ones the first log's first; `time_of` gives a line's, with a zone.

    A line without a time, or with an earlier one than the line above it, stays behind that.
    """
    if len(logs) == 1:
        return iter(logs[0])  # without a look at the times
    streams = [_timed(number, log, time_of) for number, log in enumerate(logs)]
    return (item for _, _, item in merge(*streams, key=itemgetter(0, 1)))


def _timed(
    number: int, log: Iterable[Item], time_of: Callable[[Item], datetime | None]
) -> Iterator[tuple[datetime, int, Item]]:
    latest = EARLIEST
    for item in log:
        latest = max(latest, time_of(item) or latest)
        yield latest, number, item
