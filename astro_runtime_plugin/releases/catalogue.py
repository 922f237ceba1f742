"""The catalogue: every release with its dates, channel and versions, read from catalogue.json and checked.

A release that is documented only as a major (`4`) stands here as its first one (`4.0.0`), with the major's date. What
holds for all of a major, such as the end of its maintenance, stands at each of its releases. What is documented
nowhere is left out.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from astro_runtime_plugin.options.links import url_problem
from astro_runtime_plugin.releases.current import CATALOGUE, catalogue_text
from astro_runtime_plugin.releases.current import CatalogueError as CatalogueError
from astro_runtime_plugin.releases.version import Version

EARLIEST, LATEST = date(2021, 1, 1), date(2100, 1, 1)  # no Runtime is older; what is dated later is a slip


def _release(text: str) -> str:
    return str(Version.parse(text))


def _url(url: str) -> str:
    if problem := url_problem(url):
        raise ValueError(f"it {problem}")
    return url


def one_line(text: str) -> str:
    """Return a text as one line of what can be printed."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _day(day: date) -> date:
    if not EARLIEST <= day < LATEST:
        raise ValueError(f"it must lie between {EARLIEST} and {LATEST}")
    return day


Day = Annotated[date, AfterValidator(_day)]
OneLine = Annotated[str, AfterValidator(one_line)]
Channel = Literal["stable", "deprecated", "alpha", "beta"]
Python = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+$")]


class OperatingSystem(BaseModel):
    """What an image is built on; `python_versions` are those that it is used for, empty for all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    codename: str
    python_versions: list[Python] = []
    note: OneLine = ""


class Release(BaseModel):
    """One release. `None` and empty lists say that the fact is documented nowhere.

    `airflow` is `2.4` where only the minor is documented. Dates are days: a release is maintained on its
    `end_of_maintenance`, too. Those that are None here can be worked out: see `lifecycle`. A release without a channel
    is never offered, and supersedes none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    release: Annotated[str, AfterValidator(_release)]
    airflow: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+[0-9a-z.+-]*$")]
    channel: Channel | None = "stable"
    lts: bool | None = None
    release_date: Day | None = None
    end_of_maintenance: Day | None = None
    end_of_basic_support: Day | None = None
    python_versions: list[Python] = []
    default_python: Python | None = None
    os: list[OperatingSystem] = []
    architectures: list[Literal["amd64", "arm64"]] = []
    postgresql: list[int] = []
    yanked: bool = False
    yanked_reason: OneLine = ""
    url: Annotated[str, AfterValidator(_url)] | None = None

    @property
    def version(self) -> Version:
        """The release as a number that can be compared."""
        return Version.parse(self.release)

    @property
    def why_yanked(self) -> str:
        """The reason, to stand within a sentence."""
        return self.yanked_reason.rstrip(". ") or "no reason is given"

    @model_validator(mode="after")
    def _dates_follow_each_other(self) -> Release:
        names = ("release_date", "end_of_maintenance", "end_of_basic_support")
        known = [(name, day) for name in names if (day := getattr(self, name))]
        for (earlier, day), (later, other) in pairwise(known):
            if other <= day:
                raise ValueError(f"{later} ({other}) must come after {earlier} ({day})")
        return self

    @model_validator(mode="after")
    def _the_default_python_is_one_of_its_pythons(self) -> Release:
        if self.default_python not in [None, *self.python_versions]:
            raise ValueError(f"default_python ({self.default_python}) must be one of python_versions")
        return self


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    releases: list[Release]

    @model_validator(mode="after")
    def _in_order(self) -> _Catalogue:
        for one, two in pairwise(self.releases):
            if two.version == one.version:
                raise ValueError(f"release {two.release} is there twice")
            if two.version < one.version:
                raise ValueError(f"release {two.release} must stand before {one.release}")
            same = two.version.series == one.version.series
            if same and one.release_date and two.release_date and two.release_date < one.release_date:
                raise ValueError(f"release {two.release}: release_date must not be before {one.release}'s")
        return self


def releases() -> list[Release]:
    """Return the releases of catalogue.json, in their order. Raises CatalogueError."""
    return list(_checked())


def parse(held: str | bytes) -> list[Release]:
    """Return the releases that the text of a catalogue lists.

    Raises CatalogueError: one line that names the release, the field, and what is wrong with it.
    """
    try:
        return _Catalogue.model_validate_json(held, strict=True).releases
    except ValidationError as error:
        raise CatalogueError(f"{CATALOGUE.name}: {_told(error, held)}") from error


@cache
def _checked() -> tuple[Release, ...]:
    return tuple(parse(catalogue_text()))


def _told(error: ValidationError, catalogue: str | bytes) -> str:
    """Say the first of the problems: the release, the field, what it holds and what it must be."""
    first = error.errors(include_url=False)[0]
    place = [*first["loc"]]
    parts = [_named(catalogue, place[1])] if place[:1] == ["releases"] and len(place) > 1 else []
    parts += [".".join(map(str, place[2:] if parts else place))]
    held = ""
    if isinstance(first["input"], str | int) and place[-1:] != ["url"]:  # a URL may hold a password
        held = f" (it holds {first['input']!r})"
    return ": ".join([*filter(None, parts), first["msg"].removeprefix("Value error, ") + held])


def _named(catalogue: str | bytes, index: Any) -> str:
    row = json.loads(catalogue)["releases"][index]
    name = row.get("release") if isinstance(row, dict) else None
    return f"release {name}" if isinstance(name, str) else f"release number {index + 1}"
