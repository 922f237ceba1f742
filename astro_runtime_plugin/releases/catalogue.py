"""The catalogue: the releases in catalogue.json, validated.

A release that is documented only as a major (`4`) is listed as its first release (`4.0.0`), with the major's date.
Facts that hold for a whole major, such as its end of maintenance, are repeated for each of its releases. Facts that are
documented nowhere are left out.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from astro_runtime_plugin.releases.current import CATALOGUE, CatalogueError, catalogue_text
from astro_runtime_plugin.releases.release import Release


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    releases: list[Release]

    @model_validator(mode="after")
    def _check_order(self) -> _Catalogue:
        for previous, release in pairwise(self.releases):
            _check_neighbours(previous, release)
        return self


def _check_neighbours(previous: Release, release: Release) -> None:
    if release.version == previous.version:
        raise ValueError(f"release {release.release} is listed twice")
    if release.version < previous.version:
        raise ValueError(f"release {release.release} must be listed before {previous.release}")
    if release.version.series == previous.version.series and _is_older(release, previous):
        raise ValueError(f"release {release.release}: release_date must not be before {previous.release}'s")


def _is_older(release: Release, previous: Release) -> bool:
    day, previous_day = release.release_date, previous.release_date
    return bool(day and previous_day and day < previous_day)


def releases() -> list[Release]:
    """Return the releases of catalogue.json in their order. Raises CatalogueError."""
    return list(_validated_releases())


@cache
def _validated_releases() -> tuple[Release, ...]:
    return tuple(parse(catalogue_text()))


def parse(text: str | bytes) -> list[Release]:
    """Return the releases of a catalogue's text.

    Raises CatalogueError: a single line that names the release, the field and the problem.
    """
    try:
        return _Catalogue.model_validate_json(text, strict=True).releases
    except ValidationError as error:
        raise CatalogueError(f"{CATALOGUE.name}: {_describe(error, text)}") from error


def _describe(error: ValidationError, text: str | bytes) -> str:
    """Describe the first problem: the release, the field, its value and what it must be."""
    problem = error.errors(include_url=False)[0]
    location = [*problem["loc"]]
    parts = []
    if location[:1] == ["releases"] and len(location) > 1:
        parts, location = [_describe_release(text, location[1])], location[2:]
    parts.append(".".join(map(str, location)))
    value = ""
    if isinstance(problem["input"], str | int) and location[-1:] != ["url"]:  # a URL may contain a password
        value = f" (it holds {problem['input']!r})"
    return ": ".join([*filter(None, parts), problem["msg"].removeprefix("Value error, ") + value])


def _describe_release(text: str | bytes, index: Any) -> str:
    row = json.loads(text)["releases"][index]
    name = row.get("release") if isinstance(row, dict) else None
    return f"release {name}" if isinstance(name, str) else f"release number {index + 1}"
