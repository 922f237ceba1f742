"""What happens after each round of answers: Airflow's metrics, and the row that the web server reads."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from astro_runtime_plugin.airflow_compat import send_gauge
from astro_runtime_plugin.database import state
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.snapshot import FRESH_SECONDS, KIND, scheduler_row

log = logging.getLogger("astro_runtime")
SAVE_SECONDS = FRESH_SECONDS / 3  # between two writes of the same row, so that one may fail


def send_metrics(limit: LimitState) -> None:
    """Send the gauges `astro_runtime.parallelism`, in tasks, and `astro_runtime.workers`."""
    send_gauge("astro_runtime.parallelism", limit.value)
    send_gauge("astro_runtime.workers", len(limit.workers))


class SchedulerRowWriter:
    """Saves the limit and the workers for the web server and `astro-runtime workers`.

    It writes a row that has changed at once, and an unchanged one often enough to stay fresh. `clock` returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._row: dict[str, Any] = {}
        self._due = clock()

    def save(self, limit: LimitState) -> None:
        """Write the row if it is due; raise SQLAlchemyError if the database cannot be written."""
        row, now = scheduler_row(limit), self._clock()
        if row == self._row and now < self._due:
            return
        if len(row["workers"]) < len(limit.workers):
            _warn_incomplete()
        state.put(KIND, state.process_name(), row)
        self._row, self._due = row, now + SAVE_SECONDS


@cache  # one warning for each process
def _warn_incomplete() -> None:
    log.warning(
        "astro-runtime: the Runtime page does not show all Celery workers: their names and queues are too long"
        " for one row; the limit counts all of them"
    )


def subscribers() -> tuple[tuple[str, Callable[[LimitState], None]], ...]:
    """Return what the monitor calls after each round, each with the warning for a failure."""
    return (
        ("Could not send metrics", send_metrics),
        ("Could not save worker status", SchedulerRowWriter().save),
    )
