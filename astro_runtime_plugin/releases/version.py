"""Releases (`13.0.0`, `3.3-1`) and the Runtime's own image tags (`3.3-1-python-3.12-slim-base`): read and ordered.

Where packaging would read `3.3-1` as `3.3.post1`, and put it before `13.0.0`, here the two forms are two families:
`13.N.N` has Airflow 2 and comes before `3.3-N`, which has Airflow 3.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

NUMBER = "(?:0|[1-9][0-9]{0,8})"
FORMS = {2: rf"{NUMBER}\.{NUMBER}\.{NUMBER}", 3: rf"{NUMBER}\.{NUMBER}-{NUMBER}"}
FORMATS = {2: "{}.{}.{}", 3: "{}.{}-{}"}
TAG = re.compile(
    rf"(?P<release>{'|'.join(FORMS.values())})(-python-(?P<python>{NUMBER}\.{NUMBER}))?(?P<slim>-slim)?(?P<base>-base)?"
)
RELEASE_MUST_BE = "three numbers such as 13.0.0 (Airflow 2) or 3.3-1 (Airflow 3)"
TAG_MUST_BE = (
    "a release such as 3.3-1, and behind it, in this order, what is needed of -python-3.12, -slim and -base"
)


class VersionError(ValueError):
    """What is no release; `str()` of it says what it is, and what it must look like."""


class Version(NamedTuple):
    """A release's number, in the order of releases: `family` is Airflow's major, `patch` the N of `3.3-N`."""

    family: int
    major: int
    minor: int
    patch: int

    @classmethod
    @lru_cache(maxsize=4096)  # each comparison of two releases asks anew
    def parse(cls, text: str) -> Version:
        """Read a release such as `13.0.0` or `3.3-1`. Raises VersionError for whatever else, an image tag too."""
        for family, form in FORMS.items():
            if re.fullmatch(form, text):
                return cls(family, *_numbers(text))
        raise _error(text, "release", RELEASE_MUST_BE)

    @property
    def series(self) -> str:
        """What releases that follow each other share: `13` of `13.0.0`, `3.3` of `3.3-1`; a `3` is one of Airflow 2."""
        return f"{self.major}" if self.family == 2 else f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return FORMATS[self.family].format(*self[1:])


class Tag(NamedTuple):
    """A tag of the Runtime's own images; `python` is empty where the tag leaves it to the release."""

    version: Version
    python: tuple[int, ...] = ()
    slim: bool = False
    base: bool = False

    def __str__(self) -> str:
        python = "-python-{}.{}".format(*self.python) if self.python else ""
        return f"{self.version}{python}{'-slim' * self.slim}{'-base' * self.base}"


def parse_tag(text: str) -> Tag:
    """Read a tag such as `3.3-1-python-3.12-slim`. Raises VersionError for any other, such as a project's own."""
    found = TAG.fullmatch(text)
    if not found:
        raise _error(text, "image tag", TAG_MUST_BE)
    python = _numbers(found["python"]) if found["python"] else ()
    return Tag(Version.parse(found["release"]), tuple(python), bool(found["slim"]), bool(found["base"]))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.split("[.-]", text)]


def _error(text: str, kind: str, must_be: str) -> VersionError:
    shown = text if len(text) <= 200 else text[:200] + "…"
    return VersionError(f"{shown!r} is no {kind} of the Runtime; it must be {must_be}")
