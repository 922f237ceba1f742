"""The update document: JSON, whose `runtimeVersions` (Airflow 2) and `runtimeVersionsV3` (Airflow 3) list releases.

Each has `metadata`, of which what is known is read and the rest is left alone. Written for schema 1.8.
"""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from astro_runtime_plugin.catalogue import Release, one_line
from astro_runtime_plugin.links import url_problem
from astro_runtime_plugin.version import Version, VersionError

log = logging.getLogger("astro_runtime")

LISTS = ("runtimeVersions", "runtimeVersionsV3")
LONGEST_REASON = 300  # characters


class DocumentError(ValueError):
    """What is no update document; `str()` of it goes on where "the update document" was said."""

    kind = "document"


def _reason(told: Any) -> str:
    text = one_line(str(told or ""))
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


def _link(url: Any) -> str | None:
    return url if isinstance(url, str) and not url_problem(url) else None


class Metadata(BaseModel):
    """What the document says of one release; the names in it are these in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)

    airflow_version: str
    channel: str
    release_date: str
    end_of_support: str | None = None
    end_of_maintenance: str | None = None
    end_of_basic_support: str | None = None
    lts: Annotated[bool | None, Field(alias="LTS")] = None
    python_versions: list[str] | None = None
    default_python_version: str | None = None
    yanked: bool = False
    yanked_reason: Annotated[str, BeforeValidator(_reason)] = ""
    url: Annotated[Any, AfterValidator(_link)] = None

    def release(self, name: str) -> Release:
        """Return the row of the release `name`. Raises ValidationError where the facts do not fit each other."""
        pythons = self.python_versions or []
        return Release.model_validate(
            {
                "release": name,
                "airflow": self.airflow_version,
                "channel": self.channel,
                "lts": self.lts,
                "release_date": self.release_date,
                "end_of_maintenance": self.end_of_maintenance or self.end_of_support,
                "end_of_basic_support": self.end_of_basic_support,
                "python_versions": pythons,
                "default_python": self.default_python_version
                if self.default_python_version in pythons
                else None,
                "yanked": self.yanked,
                "yanked_reason": self.yanked_reason,
                "url": self.url,
            }
        )


def parse(text: str) -> list[Release]:
    """Return the releases that an update document lists, in their order. Raises DocumentError.

    A release whose facts cannot be read is left out, and the log says so at debug level.
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
