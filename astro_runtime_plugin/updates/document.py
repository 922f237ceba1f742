"""The update document: JSON, whose `runtimeVersions` (Airflow 2) and `runtimeVersionsV3` (Airflow 3) list releases.

Each has `metadata`, of which what is known is read and the rest is left alone. Written for schema 1.8.
"""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.releases.version import Version, VersionError
from astro_runtime_plugin.updates.metadata import Metadata

log = logging.getLogger("astro_runtime")

LISTS = ("runtimeVersions", "runtimeVersionsV3")


class DocumentError(ValueError):
    """What is no update document; `str()` of it goes on where "the update document" was said."""

    kind = "document"


def parse(text: str) -> list[Release]:
    """Return the releases that an update document lists, in their order. Raises DocumentError.

    A release whose number or Airflow version cannot be read is left out, and the log says so at debug level.
    """
    return list(_parse(text))


@lru_cache(maxsize=1)  # a web server reads the same one for each page
def _parse(text: str) -> tuple[Release, ...]:
    rows = _rows(text)
    found = [release for name, row in rows.items() if (release := _release(name, row))]
    if not found:
        raise DocumentError("lists no release")
    return tuple(sorted(found, key=lambda release: release.version))


def _rows(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError("is no JSON") from error
    if not isinstance(document, dict):
        raise DocumentError("is no JSON object")
    lists = [listed for name in LISTS if isinstance(listed := document.get(name), dict)]
    return {name: row for listed in lists for name, row in listed.items()}


def _release(name: str, row: Any) -> Release | None:
    try:
        Version.parse(name)
        return Metadata.model_validate(row["metadata"]).release(name)
    except (VersionError, ValidationError, LookupError, TypeError) as error:
        log.debug("The update document: release %.50r is left out: %s", name, type(error).__name__)
        return None
