"""That this scheduler has waited for its database, from the fix that waits to the one that grants a grace after it."""

from __future__ import annotations

_since: list[float] = []  # the last heartbeat before the loss, in epoch seconds


def report_loss(last_heartbeat: float) -> None:
    """Report that the database was away since some time after the scheduler's last heartbeat, in epoch seconds."""
    _since[:] = [min([last_heartbeat, *_since])]


def take_loss() -> float | None:
    """Return the last heartbeat before a loss that has not been taken yet, in epoch seconds."""
    return _since.pop() if _since else None
