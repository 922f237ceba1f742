"""Whether this process is asked to stop by a signal that waits: what it still does for others then ends soon."""

from __future__ import annotations

import time

GRACE = 10.0  # seconds, which leave most of the 30 that Kubernetes gives a pod for the upload of the log
_requested: list[float] = []  # when, in seconds of the monotonic clock


def request_stop() -> None:
    """Ask this process to stop; only the first request counts."""
    if not _requested:
        _requested.append(time.monotonic())


def forget_stop() -> None:
    """Drop the request, since the signal waits no longer."""
    _requested.clear()


def limit(deadline: float) -> float:
    """Return a deadline (seconds of the monotonic clock), or GRACE after the request to stop if that is earlier."""
    return min(deadline, _requested[0] + GRACE) if _requested else deadline
