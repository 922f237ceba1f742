"""Which release of the Runtime and which image this is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

BUILT_AS = "ASTRO_RUNTIME_IMAGE_TAG"  # what a project's image was built with: --build-arg IMAGE_TAG=...


def release_of(airflow_version: str) -> str:
    """Return the newest release, such as `3.3-1`, of the line that `airflow_version` (`3.3.2`) belongs to.

    Source: catalogue.json. Raises LookupError for an Airflow that no release is cut from.
    """
    line = _line(airflow_version)
    releases: list[str] = [row["release"] for row in rows() if _line(row["airflow"]) == line]
    if not releases:
        raise LookupError(f"no release of the Runtime is cut from Airflow {airflow_version}")
    return max(releases, key=_order)


def image_tag(set_by_operator: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the tag of the image that runs: `[astro_runtime] image_tag`, else what the image was built as."""
    return set_by_operator or environ.get(BUILT_AS)


@cache
def rows() -> list[dict[str, Any]]:
    """Return the releases of catalogue.json."""
    text = resources.files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    releases: list[dict[str, Any]] = json.loads(text)["releases"]
    return releases


def _line(airflow_version: str) -> str:
    return ".".join(airflow_version.split(".")[:2])


def _order(release: str) -> tuple[int, ...]:
    """Put `3.3-10` after `3.3-9`."""
    return tuple(map(int, re.findall(r"\d+", release)))
