"""Update documents, in the form that the real one has."""

from __future__ import annotations

import json
from typing import Any


def row(airflow: str, released: str, channel: str = "stable", **more: Any) -> dict[str, Any]:
    """Return one release, as the document has it."""
    metadata = {"airflowVersion": airflow, "channel": channel, "releaseDate": released, **more}
    return {"metadata": metadata, "migrations": {"airflowDatabase": True}}


def text(airflow2: dict[str, Any], airflow3: dict[str, Any], **more: Any) -> str:
    """Return a document with these releases."""
    return json.dumps(
        {
            "schemaVersion": "1.8",
            "features": {},
            "runtimeVersions": airflow2,
            "runtimeVersionsV3": airflow3,
            **more,
        }
    )


# Rows of a real document.
AIRFLOW_2 = {
    "13.0.0": row("2.11.0", "2025-05-20", LTS=True, endOfSupport="2027-04-30"),
    "13.5.0": row(
        "2.11.1",
        "2026-03-10",
        LTS=True,
        endOfSupport="2027-04-30",
        yanked=True,
        yankedReason="Webserver throwing 500s",
    ),
    "13.11.0": row("2.11.2", "2026-09-17", LTS=True, endOfSupport="2027-04-30"),
}
AIRFLOW_3 = {
    "3.0-18": row("3.0.6", "2026-09-15", endOfMaintenance="2027-04-30", endOfBasicSupport="2027-10-31"),
    "3.3-1": row("3.3.0", "2026-07-07", endOfMaintenance="2028-07-31", endOfBasicSupport="2029-01-31"),
    "3.3-8": row(
        "3.3.2",
        "2026-09-23",
        endOfMaintenance="2028-07-31",
        endOfBasicSupport="2029-01-31",
        pythonVersions=["3.12", "3.13", "3.14"],
        defaultPythonVersion="3.13",
    ),
}
REAL = text(AIRFLOW_2, AIRFLOW_3)
NAMES = ["13.0.0", "13.5.0", "13.11.0", "3.0-18", "3.3-1", "3.3-8"]
