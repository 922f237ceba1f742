"""The day that stages, notices and updates refer to."""

from __future__ import annotations

from datetime import date, datetime, timezone


def utc_today() -> date:
    """Return the day in UTC, so that a command on a laptop and the web server agree."""
    return datetime.now(timezone.utc).date()
