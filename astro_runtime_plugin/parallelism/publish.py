"""What happens after each round of answers: Airflow's metrics, and the row that the web server reads."""

from __future__ import annotations

import logging
from functools import cache

from astro_runtime_plugin.airflow_compat import send_gauge
from astro_runtime_plugin.database import state
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.snapshot import KIND, scheduler_row

log = logging.getLogger("astro_runtime")


def send_metrics(limit: LimitState) -> None:
    """Send the gauges `astro_runtime.parallelism`, in tasks, and `astro_runtime.workers`."""
    send_gauge("astro_runtime.parallelism", limit.value)
    send_gauge("astro_runtime.workers", len(limit.workers))


def save_row(limit: LimitState) -> None:
    """Save the limit and the workers for the web server and `astro-runtime workers`."""
    row = scheduler_row(limit)
    if len(row["workers"]) < len(limit.workers):
        _warn_incomplete()
    state.put(KIND, state.process_name(), row)


@cache  # one warning for each process
def _warn_incomplete() -> None:
    log.warning(
        "astro-runtime: the Runtime page does not show all Celery workers: their names and queues are too long"
        " for one row; the limit counts all of them"
    )


# With the warning for a failure.
SUBSCRIBERS = (("Could not send metrics", send_metrics), ("Could not save worker status", save_row))
