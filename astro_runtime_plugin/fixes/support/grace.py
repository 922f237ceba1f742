"""The grace after an outage: until when no scheduler fails a running task. Times are seconds since the epoch."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timezone
from typing import NamedTuple

log = logging.getLogger("astro_runtime")
KIND, NAME = "grace", "running tasks"
# A series of outages, each of which begins before the grace of the previous has been over for a timeout, grants at most
# this many timeouts of grace, so that a really dead task is failed even while outages go on.
SERIES = 3


class Grace(NamedTuple):
    """The grace of a series of outages: when the first of them ended, and until when nobody is failed."""

    begin: float
    until: float


NEVER = Grace(0.0, 0.0)
_local = [NEVER]  # of this process, for a database in which the shared one cannot be stored


def extend(grace: Grace, end: float, timeout: float) -> Grace:
    """Return the grace after an outage that ended at `end`; tasks are failed after `timeout` seconds."""
    begin = grace.begin if end <= grace.until + timeout else end
    return max(grace, Grace(begin, min(end + timeout, begin + SERIES * timeout)), key=lambda each: each.until)


def read_grace(now: float, timeout: float) -> Grace:
    """Return the grace of all schedulers; NEVER if there was none, or it is not valid."""
    from astro_runtime_plugin.database import state

    try:
        begin, until = map(float, state.fetch_row(KIND, NAME, 200))
        shared = Grace(begin, until)
    except (LookupError, TypeError, ValueError):
        shared = NEVER
    valid = [grace for grace in (shared, *_local) if grace.begin <= grace.until <= now + timeout]
    return max(valid, key=lambda grace: grace.until, default=NEVER)


def grant(end: float, now: float, timeout: float, reason: str) -> Grace:
    """Grant the grace after an outage that ended at `end`, and log its beginning."""
    before = read_grace(now, timeout)
    grace = extend(before, end, timeout)
    if grace != before:
        _local[:] = [grace]
        _store(grace)
    if now < grace.until and not now < before.until:
        until = datetime.fromtimestamp(grace.until, timezone.utc).isoformat(timespec="seconds")
        log.warning("astro-runtime: %s; until %s no running task is failed", reason, until)
    return grace


def _store(grace: Grace) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from astro_runtime_plugin.database import state

    with suppress(SQLAlchemyError):
        state.put(KIND, NAME, [*grace], None)
