"""A bound on lines that anybody can cause: the first few of a minute are written, of the others their number."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

MAX_EVENTS = 10  # in a minute, for each process of the web server
SECONDS = 60.0


class EventLimit:
    """Counts events of one kind; may be used from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._began_at = float("-inf")
        self._count = self._rest = 0

    def admit(self) -> bool:
        """Count an event; return whether it is one of the first of its minute."""
        with self._lock:
            now = self._clock()
            if now - self._began_at >= SECONDS:
                self._began_at, self._count = now, 0
            self._count += 1
            is_first = self._count <= MAX_EVENTS
            self._rest += not is_first
        return is_first

    def take_rest(self, is_last: bool = False) -> int:
        """Return how many were not admitted, once their minute is over or if this is the last call; else 0."""
        with self._lock:
            if not is_last and self._clock() - self._began_at < SECONDS:
                return 0
            rest, self._rest = self._rest, 0
        return rest
