"""Which release of the Runtime and which image is running.

Uses the standard library alone: Airflow 2 components start without pydantic, and `make image` has no other packages.
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
    "ASTRO_RUNTIME_IMAGE_TAG"  # set by `--build-arg IMAGE_TAG=...` when a project image is built
)


class CatalogueError(StartError):
    """catalogue.json is unusable (exit code 78); the message is a single line that names the problem."""


def release_of(airflow_version: str) -> str:
    """Return the newest release, such as `3.3-1`, of the line that `airflow_version` (`3.3.2`) belongs to.

    Raises LookupError for an Airflow that no release contains, CatalogueError for a broken catalogue.
    """
    line = _line(airflow_version)
    versions = [Version.parse(row["release"]) for row in catalogue_rows() if _line(row["airflow"]) == line]
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


def image_tag(configured_tag: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the running image's tag: `[astro_runtime] image_tag`, or else the tag that the image was built with."""
    return configured_tag or environ.get(BUILD_TAG_VARIABLE)


def displayed_tag(image_tag: str | None, release: str) -> str:
    """Return the image tag as the UI shows it; without a tag, the release."""
    return (image_tag or "").strip() or release


def _line(airflow_version: str) -> str:
    return ".".join(airflow_version.split(".")[:2])
