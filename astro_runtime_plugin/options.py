"""The Runtime's own settings, read from Airflow's `conf`: whatever is wrong in one is logged, and leaves it unset."""

from __future__ import annotations

import logging
from configparser import Error as ConfigParserError
from typing import Any

from astro_runtime_plugin.links import DOCUMENTATION, read_links

log = logging.getLogger("astro_runtime")


def option(conf: Any, name: str) -> str | None:
    """Return `[astro_runtime] NAME`, or None where it is not set or cannot be read."""
    try:
        value: str | None = conf.get("astro_runtime", name, fallback=None)
    except ConfigParserError:
        log.warning("[astro_runtime] %s cannot be read; in airflow.cfg a %% is written %%%%", name)
        return None
    return value


def configured_links(conf: Any, airflow_version: str) -> dict[str, str]:
    """Return the links of `[astro_runtime] links` as name → URL."""
    links, problems = read_links(option(conf, "links"), airflow_version)
    for problem in problems:
        log.warning("%s", problem)
    return links


def links_of_menu(links: dict[str, str], airflow_version: str) -> dict[str, str]:
    """Return the links for Airflow's own docs menu, which already leads to the documentation of its version."""
    there = DOCUMENTATION.format(airflow=airflow_version)
    return {name: url for name, url in links.items() if url != there}
