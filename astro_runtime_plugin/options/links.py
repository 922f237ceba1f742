"""The links to resources: `[astro_runtime] links`, a JSON object of names and URLs."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

MUST_BE = "a JSON object of names and http(s) URLs"
# Airflow's documentation is published for each version of it.
DOCUMENTATION = "https://airflow.apache.org/docs/apache-airflow/{airflow}/index.html"
DEFAULTS = {
    "Documentation": DOCUMENTATION,
    "Release notes": "https://airflow.apache.org/docs/apache-airflow/{airflow}/release_notes.html",
    "Provider registry": "https://airflow.apache.org/registry/",
    "Issue tracker": "https://github.com/apache/airflow/issues",
}


def read_links(text: str | None, airflow_version: str) -> tuple[dict[str, str], list[str]]:
    """Return the links as name → URL, in the order told, and what is wrong with those that are left out.

    The defaults, with the documentation of `airflow_version`, stand in for a `text` that is absent, blank or
    no JSON object; an empty object means no links. No problem repeats a URL, which may hold a password.
    """
    defaults = {name: url.format(airflow=airflow_version) for name, url in DEFAULTS.items()}
    if text is None or not text.strip():
        return defaults, []
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        return defaults, [f"[astro_runtime] links must be {MUST_BE}; the default links are shown"]
    problems = {name: problem for name, url in told.items() if (problem := _problem(name, url))}
    links = {name.strip(): url.strip() for name, url in told.items() if name not in problems}
    return links, [f"[astro_runtime] links: {name!r} is left out: {why}" for name, why in problems.items()]


def _problem(name: str, url: object) -> str:
    """Return what is wrong with one link; empty if nothing is."""
    if not name.strip():
        return "it has no name"
    problem = url_problem(url.strip() if isinstance(url, str) else "")
    return f"its URL {problem}" if problem else ""


def url_problem(url: str) -> str:
    """Return what `url` must be to become a link, as in `must name a host`; empty if it is."""
    if not _leads_to_a_host(url):
        return "must begin with http:// or https:// and name a host"
    return "must hold no user name or password" if "@" in urlsplit(url).netloc else ""


def _leads_to_a_host(url: str) -> bool:
    # Browsers drop tabs and newlines in a URL and read a backslash as a slash, so none may stand in it.
    if not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
