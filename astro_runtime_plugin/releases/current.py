"""Which release of the Runtime and which image this is.

With the standard library alone: a component of Airflow 2 starts without pydantic, and `make image` has nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from astro_runtime_plugin.releases.version import Version
from entrypoint.errors import StartError

CATALOGUE = Path(__file__).with_name("catalogue.json")
BUILD_TAG_VARIABLE = (
    "ASTRO_RUNTIME_IMAGE_TAG"  # what a project's image was built with: --build-arg IMAGE_TAG=...
)


class CatalogueError(StartError):
    """catalogue.json cannot be used, exit code 78; `str()` of it is one line that says what is wrong."""


def release_of(airflow_version: str) -> str:
    """Return the newest release, such as `3.3-1`, of the line that `airflow_version` (`3.3.2`) belongs to.

    Raises LookupError for an Airflow that no release is cut from, CatalogueError for a broken catalogue.
    """
    line = _line(airflow_version)
    found = [Version.parse(row["release"]) for row in catalogue_rows() if _line(row["airflow"]) == line]
    if not found:
        raise LookupError(f"no release of the Runtime is cut from Airflow {airflow_version}")
    return str(max(found))


@cache
def catalogue_text() -> bytes:
    """Return the text of catalogue.json. Raises CatalogueError."""
    try:
        return CATALOGUE.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{CATALOGUE.name} cannot be read: {error.strerror}") from error


@cache
def catalogue_rows() -> list[dict[str, Any]]:
    """Return the rows of catalogue.json as they stand; `catalogue` checks them. Raises CatalogueError."""
    try:
        releases: list[dict[str, Any]] = json.loads(catalogue_text())["releases"]
    except (ValueError, LookupError, TypeError) as error:
        raise CatalogueError(f"{CATALOGUE.name} holds no list of releases: {error}") from error
    return releases


def image_tag(set_by_operator: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the tag of the image that runs: `[astro_runtime] image_tag`, else what the image was built as."""
    return set_by_operator or environ.get(BUILD_TAG_VARIABLE)


def displayed_tag(image_tag: str | None, release: str) -> str:
    """Return the image tag as it is shown; without one, the release is the image's."""
    return (image_tag or "").strip() or release


def _line(airflow_version: str) -> str:
    return ".".join(airflow_version.split(".")[:2])
