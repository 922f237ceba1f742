"""The Runtime's own settings, read from Airflow's `conf`: whatever is wrong in one is logged, and leaves it unset."""

from __future__ import annotations

import logging
from configparser import Error as ConfigParserError
from functools import cache
from typing import Any

from astro_runtime_plugin.options.links import DOCUMENTATION, read_links

log = logging.getLogger("astro_runtime")


def read_option(conf: Any, name: str) -> str | None:
    """Return `[astro_runtime] NAME`, or None where it is not set or cannot be read."""
    try:
        value: str | None = conf.get("astro_runtime", name, fallback=None)
    except ConfigParserError:
        log.warning("[astro_runtime] %s cannot be read; in airflow.cfg a %% is written %%%%", name)
        return None
    return value


def configured_links(conf: Any, airflow_version: str) -> dict[str, str]:
    """Return the links of `[astro_runtime] links` as name → URL."""
    links, problems = read_links(read_option(conf, "links"), airflow_version)
    for problem in problems:
        log.warning("%s", problem)
    return links


def menu_links(links: dict[str, str], airflow_version: str) -> dict[str, str]:
    """Return the links for Airflow's own docs menu, which already leads to the documentation of its version."""
    there = DOCUMENTATION.format(airflow=airflow_version)
    return {name: url for name, url in links.items() if url != there}


NOTICES, THRESHOLD_DAYS, DISMISSAL_DAYS = "notices", "notice_threshold_days", "notice_dismissal_days"
DAYS = {THRESHOLD_DAYS: 30, DISMISSAL_DAYS: 7}
MAX_DAYS = 3650
BOOLEANS = {
    "true": True,
    "t": True,
    "1": True,
    "false": False,
    "f": False,
    "0": False,
}  # as Airflow reads them


def notices_enabled(conf: Any) -> bool:
    """Return `[astro_runtime] notices`: whether anything is to be said, in the UI or in the log; True where not set."""
    text = (read_option(conf, NOTICES) or "").strip()
    if text and text.lower() not in BOOLEANS:
        _warn_once(f"[astro_runtime] {NOTICES} must be True or False; True counts")
    return BOOLEANS.get(text.lower(), True)


def notice_days(conf: Any, name: str) -> int:
    """Return `[astro_runtime] NAME`, a number of days that DAYS lists, or its default there."""
    text = (read_option(conf, name) or "").strip()
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= MAX_DAYS:
        return int(text)
    if text:
        _warn_once(
            f"[astro_runtime] {name} must be a whole number of days from 0 to {MAX_DAYS}; {DAYS[name]} counts"
        )
    return DAYS[name]


@cache
def _warn_once(text: str) -> None:
    """Warn once: a web server reads its settings for each page."""
    log.warning("%s", text)
