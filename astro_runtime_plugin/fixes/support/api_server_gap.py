"""When no API server was alive, by the rows that components record. No I/O. Times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

COMPONENT = "api-server"


class Row(Protocol):
    """A process of a component: it started at `since` (ISO 8601) and counts as alive until `until`."""

    @property
    def component(self) -> str:
        """The component's name."""

    @property
    def since(self) -> str:
        """When the process started."""

    @property
    def until(self) -> float:
        """Until when it counts as alive."""


def last_gap_end(rows: Iterable[Row], now: float) -> float | None:
    """Return when the last time without a living API server ended; `now` if there is none, None if there was no gap."""
    lives = sorted((_seconds(row.since), row.until) for row in rows if row.component == COMPONENT)
    if not lives:
        return None
    end, alive_until = None, lives[0][1]
    for since, until in lives:
        if alive_until < since <= now:
            end = since
        alive_until = max(alive_until, until)
    return now if alive_until < now else end


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
