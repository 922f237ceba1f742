"""Update documents in the format of the real one."""

from __future__ import annotations

import json
from typing import Any


def release_row(airflow: str, released: str, channel: str = "stable", **metadata: Any) -> dict[str, Any]:
    """Return a release as it appears in the document, with further `metadata`."""
    facts = {"airflowVersion": airflow, "channel": channel, "releaseDate": released, **metadata}
    return {"metadata": facts, "migrations": {"airflowDatabase": True}}


def document_text(airflow2: dict[str, Any], airflow3: dict[str, Any], **members: Any) -> str:
    """Return a document with these releases and further `members`."""
    return json.dumps(
        {
            "schemaVersion": "1.8",
            "features": {},
            "runtimeVersions": airflow2,
            "runtimeVersionsV3": airflow3,
            **members,
        }
    )


# Rows of a real document.
AIRFLOW_2 = {
    "13.0.0": release_row("2.11.0", "2025-05-20", LTS=True, endOfSupport="2027-04-30"),
    "13.5.0": release_row(
        "2.11.1",
        "2026-03-10",
        LTS=True,
        endOfSupport="2027-04-30",
        yanked=True,
        yankedReason="Webserver throwing 500s",
    ),
    "13.11.0": release_row("2.11.2", "2026-09-17", LTS=True, endOfSupport="2027-04-30"),
}
AIRFLOW_3 = {
    "3.0-18": release_row(
        "3.0.6", "2026-09-15", endOfMaintenance="2027-04-30", endOfBasicSupport="2027-10-31"
    ),
    "3.3-1": release_row(
        "3.3.0", "2026-07-07", endOfMaintenance="2028-07-31", endOfBasicSupport="2029-01-31"
    ),
    "3.3-8": release_row(
        "3.3.2",
        "2026-09-23",
        endOfMaintenance="2028-07-31",
        endOfBasicSupport="2029-01-31",
        pythonVersions=["3.12", "3.13", "3.14"],
        defaultPythonVersion="3.13",
    ),
}
REAL = document_text(AIRFLOW_2, AIRFLOW_3)
NAMES = ["13.0.0", "13.5.0", "13.11.0", "3.0-18", "3.3-1", "3.3-8"]


def long_document(count: int, **metadata: Any) -> str:
    """Return a document of `count` releases that made lookups quadratic: majors with two releases and LTS flags."""
    names = [f"{20 + number // 2}.0.{number % 2}" for number in range(count)]
    rows = {name: release_row("2.11.0", "2025-05-20", LTS=bool(int(name[-1])), **metadata) for name in names}
    return document_text(rows, {})
