"""Which release of the Runtime this is."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources


def release_of(airflow_version: str) -> str:
    """Return the newest release, such as `3.3-1`, of the line that `airflow_version` (`3.3.2`) belongs to.

    Source: catalogue.json. Raises LookupError for an Airflow that no release is cut from.
    """
    line = _line(airflow_version)
    releases = [row["release"] for row in _rows() if _line(row["airflow"]) == line]
    if not releases:
        raise LookupError(f"no release of the Runtime is cut from Airflow {airflow_version}")
    return max(releases, key=_order)


@cache
def _rows() -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    rows: list[dict[str, str]] = json.loads(text)["releases"]
    return rows


def _line(airflow_version: str) -> str:
    return ".".join(airflow_version.split(".")[:2])


def _order(release: str) -> tuple[int, ...]:
    """Put `3.3-10` after `3.3-9`."""
    return tuple(map(int, re.findall(r"\d+", release)))
