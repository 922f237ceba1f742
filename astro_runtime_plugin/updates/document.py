"""The update document: JSON that lists releases.

`runtimeVersions` lists those for Airflow 2, `runtimeVersionsV3` those for Airflow 3. Each release has `metadata`;
unknown keys are ignored. Written for schema 1.8.
"""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.version import Version, VersionError
from astro_runtime_plugin.updates.metadata import Metadata

log = logging.getLogger("astro_runtime")

LISTS = ("runtimeVersions", "runtimeVersionsV3")
MAX_RELEASES = 5000  # a real document lists about 500


class DocumentError(ValueError):
    """A text is not an update document; the message completes a sentence about "the update document"."""

    kind = "document"


def parse(text: str) -> list[Release]:
    """Return the releases that an update document lists, in their order. Raises DocumentError.

    A release with an invalid number or Airflow version is left out and logged at debug level.
    """
    return list(_parse(text))


@lru_cache(maxsize=1)  # the store parses a document to validate it, and again to list its releases
def _parse(text: str) -> tuple[Release, ...]:
    rows = _rows(text)
    if len(rows) > MAX_RELEASES:
        raise DocumentError(f"lists more than {MAX_RELEASES} releases")
    releases = [release for name, row in rows.items() if (release := _release(name, row))]
    if not releases:
        raise DocumentError("lists no releases")
    return tuple(sorted(releases, key=lambda release: release.version))


def _rows(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError("is not JSON") from error
    if not isinstance(document, dict):
        raise DocumentError("is not a JSON object")
    lists = [rows for name in LISTS if isinstance(rows := document.get(name), dict)]
    return {name: row for rows in lists for name, row in rows.items()}


def _release(name: str, row: Any) -> Release | None:
    try:
        Version.parse(name)
        return Metadata.model_validate(row["metadata"]).release(name)
    except (VersionError, ValidationError, LookupError, TypeError) as error:
        log.debug("The update document: release %r is left out: %s", name[:50], type(error).__name__)
        return None
