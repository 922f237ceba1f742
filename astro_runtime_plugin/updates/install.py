"""Starts the update check in a scheduler, and reads what it has found, by Airflow's `conf`."""

from __future__ import annotations

import logging
from functools import cache

from airflow.configuration import conf

from astro_runtime_plugin import background
from astro_runtime_plugin.catalogue import Release
from astro_runtime_plugin.section import read_option
from astro_runtime_plugin.updates import address

log = logging.getLogger("astro_runtime")


@cache  # once in a process; one that is forked from it, such as a task's, has its memory of it
def start() -> None:
    """Start the thread that fetches once a day, where `update_url` is set."""
    url = (read_option(conf, "update_url") or "").strip()
    if not url:
        return
    if problem := address.url_problem(url):
        log.warning("[astro_runtime] update_url %s; there is no update check", problem)
        return
    from astro_runtime_plugin.updates.daily import DailyCheck

    background.start_thread("updates", DailyCheck(url).run)


def stored_releases() -> list[Release]:
    """Return the releases of the last good document of `update_url`."""
    url = (read_option(conf, "update_url") or "").strip()
    if not url or address.url_problem(url):
        return []
    from astro_runtime_plugin.updates import store

    return store.stored_releases(url)
