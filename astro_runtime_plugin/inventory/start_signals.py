"""Hears components begin that have no job: Celery's, Kerberos's, and an API server without the plugin's routes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from astro_runtime_plugin.component import API_SERVER, CELERY_WORKER, FLOWER, KERBEROS, identify

ONE_TIME_OPTIONS = {"-o", "--one-time"}  # an init container's


def watch(argv: Sequence[str]) -> None:
    """Record the component with this command line when it begins; nothing for any other command."""
    component = identify(argv, os.environ)
    if component == API_SERVER and not any(word.startswith("--apps") for word in argv):
        return  # its plugin records it, in each of its processes
    if component == KERBEROS and ONE_TIME_OPTIONS & {*argv}:
        return
    if hears := WATCHERS.get(component or ""):
        hears()


def _worker_ready() -> None:
    from celery.signals import worker_ready

    worker_ready.connect(_start, weak=False)


def _command_begins() -> None:
    """Hear Airflow's command begin: its settings are complete then."""
    from airflow.utils.cli_action_loggers import register_pre_exec_callback

    register_pre_exec_callback(_start)


def _start(**_: object) -> None:
    from astro_runtime_plugin.inventory.heartbeat import start

    start()


WATCHERS: dict[str, Callable[[], None]] = {
    CELERY_WORKER: _worker_ready,
    FLOWER: _command_begins,
    KERBEROS: _command_begins,
    API_SERVER: _command_begins,
}
