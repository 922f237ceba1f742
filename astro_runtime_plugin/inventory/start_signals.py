"""Detects the start of components that have no job: Celery's, Kerberos, and an API server without the plugin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from astro_runtime_plugin.airflow_compat import before_command
from astro_runtime_plugin.component import API_SERVER, CELERY_WORKER, FLOWER, KERBEROS

log = logging.getLogger("astro_runtime")
ONE_TIME_OPTIONS = {"-o", "--one-time"}  # of an init container's kerberos


def watch(component: str, argv: Sequence[str]) -> None:
    """Record a component with this command line when it starts, unless the plugin records it or it is one-time."""
    if component == API_SERVER and not any(word.startswith("--apps") for word in argv):
        return  # the plugin records it, in each of its processes
    if component == KERBEROS and ONE_TIME_OPTIONS & {*argv}:
        return
    SIGNALS[component](_record)


def _on_worker_start(callback: Callable[..., None]) -> None:
    from celery.signals import worker_init, worker_ready

    worker_init.connect(_add_image, weak=False)
    worker_ready.connect(callback, weak=False)


def _add_image(sender: object, **_: object) -> None:
    """Let this worker reply with its image; `sender` is the worker, before it has put its parts together."""
    try:
        from astro_runtime_plugin.inventory.worker_reply import add_image

        add_image(sender)
    except Exception as error:
        log.warning("astro-runtime: this worker does not name its image: %s", type(error).__name__)


def _record(**_: object) -> None:
    from astro_runtime_plugin.inventory.recorder import start

    start()


# By component: how to be called when it starts. Airflow's own listeners are called only for a job.
SIGNALS: dict[str, Callable[[Callable[..., None]], None]] = {
    CELERY_WORKER: _on_worker_start,
    FLOWER: before_command,
    KERBEROS: before_command,
    API_SERVER: before_command,
}
