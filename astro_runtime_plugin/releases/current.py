"""Which release of the Runtime is running, from the catalogue.

Uses the standard library alone: Airflow 2 components start without pydantic, and `make image` has no other packages.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from astro_runtime_plugin.releases.version import Version
from entrypoint.airflow_line import minor_version
from entrypoint.errors import StartError

CATALOGUE = Path(__file__).with_name("catalogue.json")


class CatalogueError(StartError):
    """catalogue.json is unusable (exit code 78); the message is a single line that names the problem."""


def release_of(airflow_version: str) -> str:
    """Return the newest release, such as `3.3-1`, of the line that `airflow_version` (`3.3.2`) belongs to.

    Raises LookupError for an Airflow that no release contains, CatalogueError for a broken catalogue.
    """
    line = minor_version(airflow_version)
    versions = [
        Version.parse(row["release"]) for row in catalogue_rows() if minor_version(row["airflow"]) == line
    ]
    if not versions:
        raise LookupError(f"no Runtime release contains Airflow {airflow_version}")
    return str(max(versions))


@cache
def catalogue_text() -> bytes:
    """Return the text of catalogue.json. Raises CatalogueError."""
    try:
        return CATALOGUE.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{CATALOGUE.name} cannot be read: {error.strerror}") from error


@cache
def catalogue_rows() -> list[dict[str, Any]]:
    """Return the rows of catalogue.json, unvalidated; `catalogue` validates them. Raises CatalogueError."""
    try:
        releases: list[dict[str, Any]] = json.loads(catalogue_text())["releases"]
    except (ValueError, LookupError, TypeError) as error:
        raise CatalogueError(f"{CATALOGUE.name} contains no list of releases: {error}") from error
    return releases
