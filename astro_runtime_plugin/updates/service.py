"""The update check as the rest of the plugin uses it, configured by `[astro_runtime] update_url`.

Without an `update_url`, nothing is started and nothing more is imported.
"""

from __future__ import annotations

import logging
from functools import cache

from airflow.configuration import conf

from astro_runtime_plugin import background
from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.updates import address

log = logging.getLogger("astro_runtime")


@cache  # once per process; a process forked from it, such as a task, inherits the cached result
def start() -> None:
    """Start the thread that fetches the document once a day."""
    url = _update_url()
    if not url:
        return
    if problem := address.url_problem(url):
        log.warning("[astro_runtime] update_url %s; the update check is off", problem)
        return
    from astro_runtime_plugin.updates.daily import DailyCheck

    background.start_thread("updates", DailyCheck(url).run)


def stored_releases() -> list[Release]:
    """Return the releases of the last valid document in their order; empty without a document or an `update_url`."""
    url = _update_url()
    if not url or address.url_problem(url):
        return []
    from astro_runtime_plugin.updates import store

    return store.stored_releases(url)


def _update_url() -> str:
    return (read_option(conf, "update_url") or "").strip()
