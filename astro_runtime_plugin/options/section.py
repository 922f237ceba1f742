"""The section `[astro_runtime]`, read from Airflow's `conf`. An invalid value is logged and counts as not set."""

from __future__ import annotations

import logging
from configparser import Error as ConfigParserError
from functools import cache
from typing import Any

from entrypoint.config_values import airflow_boolean

log = logging.getLogger("astro_runtime")

NOTICES, THRESHOLD_DAYS, DISMISSAL_DAYS = "notices", "notice_threshold_days", "notice_dismissal_days"
DEFAULT_DAYS = {THRESHOLD_DAYS: 30, DISMISSAL_DAYS: 7}
MAX_DAYS = 3650


def read_option(conf: Any, name: str) -> str | None:
    """Return `[astro_runtime] NAME`, or None if it is not set or cannot be read."""
    try:
        value: str | None = conf.get("astro_runtime", name, fallback=None)
    except ConfigParserError:
        log.warning("[astro_runtime] %s cannot be read; in airflow.cfg a %% is written %%%%", name)
        return None
    return value


def notices_enabled(conf: Any) -> bool:
    """Return `[astro_runtime] notices`: whether notices appear in the UI and in the log. The default is True."""
    text = (read_option(conf, NOTICES) or "").strip()
    value = airflow_boolean(text or "True")
    if value is None:
        warn_once(f"[astro_runtime] {NOTICES} must be True or False; using True")
    return value is not False


def notice_days(conf: Any, name: str) -> int:
    """Return `[astro_runtime] NAME`, a number of days, or its default in DEFAULT_DAYS."""
    text = (read_option(conf, name) or "").strip()
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= MAX_DAYS:
        return int(text)
    default = DEFAULT_DAYS[name]
    if text:
        warn_once(
            f"[astro_runtime] {name} must be a whole number of days from 0 to {MAX_DAYS}; using {default}"
        )
    return default


@cache
def warn_once(text: str) -> None:
    """Log a warning once; some processes read the settings again and again, such as a web server for every page."""
    log.warning("%s", text)
