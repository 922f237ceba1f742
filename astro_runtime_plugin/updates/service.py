"""The update check as the rest of the plugin uses it, configured by `[astro_runtime] update_url`.

Without an `update_url`, nothing starts and nothing more is imported.
"""

from __future__ import annotations

import logging
from functools import cache

from airflow.configuration import conf

from astro_runtime_plugin import background
from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.options.urls import UPDATE_DOCUMENT, is_plain_http, url_problem
from astro_runtime_plugin.updates.listed import ListedReleases, list_releases

log = logging.getLogger("astro_runtime")


@cache  # once per process; a process forked from it, such as a task, inherits the cached result
def start() -> None:
    """Start the thread that fetches the document once a day."""
    url = _update_url()
    if not url:
        return
    if problem := url_problem(url, UPDATE_DOCUMENT):
        log.warning("[astro_runtime] update_url %s; the update check is off", problem)
        return
    if is_plain_http(url):
        log.warning(
            "[astro_runtime] update_url is not https: whoever controls the network can change the document"
        )
    from astro_runtime_plugin.updates.daily import DailyCheck

    background.start_thread("updates", DailyCheck(url).run)


def listed_releases() -> ListedReleases:
    """Return the releases of the catalogue and of the last valid document. Raises CatalogueError.

    The result is the same object until another document is stored.
    """
    url = _update_url()
    if not url or url_problem(url, UPDATE_DOCUMENT):
        return list_releases()
    from astro_runtime_plugin.updates import store

    return store.listed_releases(url)


def _update_url() -> str:
    return (read_option(conf, "update_url") or "").strip()
