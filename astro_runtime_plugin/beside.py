"""What a component does beside its job; none of it may fail the component."""

from __future__ import annotations

import gc
import os
import sys

from astro_runtime_plugin import updates
from astro_runtime_plugin.inventory import heartbeat
from astro_runtime_plugin.inventory.component import CELERY_WORKER, identify

SCHEDULER = "scheduler"


def begin() -> None:
    """Record the component; a scheduler looks for updates, too, and writes the notices into its log.

    What the start has left behind is not collected any more: Airflow 2's check of the migrations leaves mapped classes,
    of whose end SQLAlchemy hears, and Python drops what the handler of a signal raises there. A component that was
    stopped at that moment, a few seconds after its start, failed or hung.
    """
    component = identify(sys.argv, os.environ)
    if component in (None, CELERY_WORKER):
        return  # a worker's tasks have jobs, on Airflow 2; it has none, and begins when it is ready
    gc.freeze()
    heartbeat.start()
    if component == SCHEDULER:
        from astro_runtime_plugin import scheduler_log

        updates.begin()
        scheduler_log.begin()
