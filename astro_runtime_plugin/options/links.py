"""The links to resources: `[astro_runtime] links`, a JSON object of names and URLs."""

from __future__ import annotations

import json
import logging
from itertools import islice
from typing import Any

from astro_runtime_plugin.options.section import read_option
from astro_runtime_plugin.options.urls import LINK, url_problem
from entrypoint.errors import truncate

log = logging.getLogger("astro_runtime")
MAX_LINKS = 50
MAX_NAME_LENGTH = 100  # characters
MUST_BE = "a JSON object of names and http(s) URLs"
# Airflow publishes its documentation per version.
DOCUMENTATION = "https://airflow.apache.org/docs/apache-airflow/{airflow}/index.html"
DEFAULTS = {
    "Documentation": DOCUMENTATION,
    "Release notes": "https://airflow.apache.org/docs/apache-airflow/{airflow}/release_notes.html",
    "Provider registry": "https://airflow.apache.org/registry/",
    "Issue tracker": "https://github.com/apache/airflow/issues",
}


def configured_links(conf: Any, airflow_version: str) -> dict[str, str]:
    """Return the links of `[astro_runtime] links` as name → URL; a link that is left out is logged."""
    links, problems = read_links(read_option(conf, "links"), airflow_version)
    for problem in problems:
        log.warning("%s", problem)
    return links


def menu_links(links: dict[str, str], airflow_version: str) -> dict[str, str]:
    """Return the links for Airflow's docs menu, which already has a link to the documentation of its version."""
    documentation = DOCUMENTATION.format(airflow=airflow_version)
    return {name: url for name, url in links.items() if url != documentation}


def read_links(text: str | None, airflow_version: str) -> tuple[dict[str, str], list[str]]:
    """Return the links as name → URL, in their order, and the problems of the links that are left out.

    If `text` is absent, blank or not a JSON object, the defaults apply, with the documentation of `airflow_version`;
    an empty object means no links. No problem repeats a URL, which may contain a password.
    """
    defaults = {name: url.format(airflow=airflow_version) for name, url in DEFAULTS.items()}
    if text is None or not text.strip():
        return defaults, []
    configured = _parse(text)
    if configured is None:
        return defaults, [f"[astro_runtime] links must be {MUST_BE}; the default links are shown"]
    problems = {name: problem for name, url in configured.items() if (problem := _problem(name, url))}
    links = {name.strip(): url.strip() for name, url in configured.items() if name not in problems}
    reasons = [
        f"[astro_runtime] links: {truncate(name)!r} is left out: {why}" for name, why in problems.items()
    ]
    if len(links) > MAX_LINKS:
        reasons.append(f"[astro_runtime] links: only the first {MAX_LINKS} are used")
    return dict(islice(links.items(), MAX_LINKS)), reasons[:MAX_LINKS]


def _parse(text: str) -> dict[str, str] | None:
    try:
        links = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return links if isinstance(links, dict) else None


def _problem(name: str, url: object) -> str:
    """Return what is wrong with a link; empty for a valid one."""
    if not name.strip():
        return "it has no name"
    if not name.strip().isprintable() or len(name.strip()) > MAX_NAME_LENGTH:
        return f"its name must be a single line of at most {MAX_NAME_LENGTH} printable characters"
    problem = url_problem(url.strip() if isinstance(url, str) else "", LINK)
    return f"its URL {problem}" if problem else ""
