"""The day by which a stage, a notice and an update are judged."""

from __future__ import annotations

from datetime import date, datetime, timezone


def utc_today() -> date:
    """Return the day in UTC, so that a command on a laptop and the web server beside the scheduler say the same."""
    return datetime.now(timezone.utc).date()
