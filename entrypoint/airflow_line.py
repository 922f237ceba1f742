"""Detects which line's Airflow is installed from the names in site-packages: no import, no metadata parsed."""

from __future__ import annotations

import os
import sys

from entrypoint.errors import StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LINES = ("3.3", "2.11")
DIST_PREFIXES = ("apache_airflow-", "apache_airflow_core-")


def installed_airflow(path: Iterable[str] | None = None) -> str | None:
    """Return Airflow's version, such as `3.3.2`, from its dist-info folder on `sys.path`; None without Airflow."""
    for folder in sys.path if path is None else path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.startswith(DIST_PREFIXES) and name.endswith(".dist-info"):
                return name.split("-")[1].removesuffix(".dist")
    return None


def minor_version(version: str) -> str:
    """Return the minor version, such as `3.3`, that `version` belongs to."""
    return ".".join(version.split(".")[:2])


def line_of(version: str | None) -> str:
    """Return the line that `version` belongs to; without an Airflow, the default line.

    Raises StartError for an Airflow version that belongs to no line.
    """
    if version is None:
        return LINES[0]
    line = minor_version(version)
    if line not in LINES:
        raise StartError(f"Airflow {version} is installed; this Runtime is for Airflow {' and '.join(LINES)}")
    return line
