"""When what has failed is tried again: after a pause, one thing after the other, so that many failures cost little."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PAUSE = 60.0  # seconds
DISTANCE = 1.0  # seconds between the retries of two keys
MAX_KEYS = 10_000


class Retries:
    """The next retry of each key that has failed. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[Any, float] = {}
        self._last = 0.0

    def waits(self, key: Any) -> bool:
        """Whether it is too early to try again."""
        return self._due.get(key, 0.0) > self._clock()

    def fail(self, key: Any) -> bool:
        """Record a failure; return whether it is the key's first."""
        now = self._clock()
        # A key whose retry is long due is not tried any more, since it has gone.
        self._due = {each: due for each, due in self._due.items() if due > now - PAUSE or each == key}
        first = key not in self._due
        if not first or len(self._due) < MAX_KEYS:
            self._last = self._due[key] = max(now + PAUSE, self._last + DISTANCE)
        return first

    def succeed(self, key: Any) -> None:
        """Forget the failures of a key."""
        self._due.pop(key, None)
