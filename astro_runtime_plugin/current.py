"""The notices of today, of the catalogue, the update document, the settings and the living components."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from astro_runtime_plugin import catalogue, options, updates
from astro_runtime_plugin.notices import Notice, Runs, notices


def current(conf: Any, running: str, tags: Iterable[Runs], today: date) -> list[Notice]:
    """Return what is to be said of the release `running`, the gravest first; nothing where notices are not wanted.

    `conf` is Airflow's, `tags` are the living components. Raises CatalogueError.
    """
    if not options.notices_are_wanted(conf):
        return []
    threshold = options.notice_days(conf, options.THRESHOLD_DAYS)
    return notices(running, catalogue.releases(), updates.known(), tags, today, threshold)
