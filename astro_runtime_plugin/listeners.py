"""Starts the Runtime's background services when a component's job starts.

Every Airflow process loads this module, so it imports little at the top.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

from pluggy import HookimplMarker

from entrypoint.errors import StartError

log = logging.getLogger("astro_runtime")


@HookimplMarker("airflow")
def on_starting(component: object) -> None:
    """Start a component's background services; a failure logs one warning and leaves the component unchanged.

    Airflow calls this from `Job.__init__`, before the job has a type and before a scheduler has its executors.
    Airflow 2 does not catch exceptions that a listener raises.
    """
    if type(component).__name__ == "Job":
        start_guarded("Background services", start_services)
        start_guarded("Parallelism that follows the Celery workers", activate_parallelism)


def start_guarded(service: str, start: Callable[[], None]) -> None:
    """Start one service; log a warning if it fails. Foreign error texts are left out: they may hold a secret."""
    try:
        start()
    except Exception as error:
        reason = error if isinstance(error, StartError) else type(error).__name__
        log.warning("astro-runtime: %s did not start: %s", service, reason)


def start_services() -> None:
    """Record the component; in a scheduler, also check for updates and log the notices."""
    from astro_runtime_plugin.component import CELERY_WORKER, SCHEDULER, identify

    component = identify(sys.argv, os.environ)
    if component in (None, CELERY_WORKER):
        return  # on Airflow 2 a worker's tasks have jobs; the worker itself is recorded at Celery's `worker_ready`
    from astro_runtime_plugin.inventory import recorder

    recorder.start()
    if component == SCHEDULER:
        from astro_runtime_plugin.notices import scheduler_log
        from astro_runtime_plugin.updates import service as updates

        start_guarded("The update check", updates.start)
        start_guarded("The log of the notices", scheduler_log.start)


def activate_parallelism() -> None:
    """Let parallelism follow the Celery workers, if this process is a scheduler."""
    from astro_runtime_plugin.airflow_compat import scheduler_runner

    if runner := scheduler_runner():
        from astro_runtime_plugin.parallelism.activate import activate

        activate(runner)
