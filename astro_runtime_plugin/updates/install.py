"""Starts the update check in a scheduler, and reads what it has found, by Airflow's `conf`."""

from __future__ import annotations

import logging
import multiprocessing
import threading

from airflow.configuration import conf

from astro_runtime_plugin.catalogue import Release
from astro_runtime_plugin.options import option
from astro_runtime_plugin.updates import address

log = logging.getLogger("astro_runtime")
THREAD = "astro-runtime updates"


def install() -> None:
    """Start the thread that fetches once a day, where `update_url` is set and one runs not yet."""
    url = (option(conf, "update_url") or "").strip()
    if not url or _runs_already():
        return
    if problem := address.problem(url):
        log.warning("[astro_runtime] update_url %s; there is no update check", problem)
        return
    from astro_runtime_plugin.updates.daily import Daily

    threading.Thread(target=Daily(url).run, name=THREAD, daemon=True).start()


def known() -> list[Release]:
    """Return the releases of the last good document of `update_url`."""
    url = (option(conf, "update_url") or "").strip()
    if not url or address.problem(url):
        return []
    from astro_runtime_plugin.updates import store

    return store.known(url)


def _runs_already() -> bool:
    """Whether this scheduler has the thread, or is its child: there Airflow 2 runs tasks, with jobs of their own."""
    return multiprocessing.parent_process() is not None or any(
        thread.name == THREAD for thread in threading.enumerate()
    )
