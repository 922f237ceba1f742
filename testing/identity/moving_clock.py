"""A clock that a test moves."""

from __future__ import annotations

import time


class MovingClock:
    """Seconds since the epoch; they stand still until `advance`."""

    def __init__(self, now: float | None = None) -> None:
        self.now = float(int(time.time() if now is None else now))

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
