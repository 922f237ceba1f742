"""The version of a release: `13.0.0` (Airflow 2) or `3.3-1` (Airflow 3), parsed and ordered.

`packaging` would read `3.3-1` as `3.3.post1` and sort it before `13.0.0`. Here the two forms are two families: `13.N.N`
runs Airflow 2 and sorts before `3.3-N`, which runs Airflow 3.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from entrypoint.errors import truncate

NUMBER = "(?:0|[1-9][0-9]{0,8})"
FORMS = {2: rf"{NUMBER}\.{NUMBER}\.{NUMBER}", 3: rf"{NUMBER}\.{NUMBER}-{NUMBER}"}
FORMATS = {2: "{}.{}.{}", 3: "{}.{}-{}"}
MUST_BE = "three numbers such as 13.0.0 (Airflow 2) or 3.3-1 (Airflow 3)"


class VersionError(ValueError):
    """A text is not a release; the message names the text and the form that it must have."""


class Version(NamedTuple):
    """A release's number, in the order of releases: `family` is Airflow's major, `patch` the N of `3.3-N`."""

    family: int
    major: int
    minor: int
    patch: int

    @classmethod
    # More than an update document may list; each comparison of two releases parses both.
    @lru_cache(maxsize=8192)
    def parse(cls, text: str) -> Version:
        """Parse a release such as `13.0.0` or `3.3-1`. Raises VersionError for anything else, such as an image tag."""
        for family, form in FORMS.items():
            if re.fullmatch(form, text):
                return cls(family, *(int(number) for number in re.split("[.-]", text)))
        raise VersionError(f"{truncate(text)!r} is not a Runtime release; it must be {MUST_BE}")

    @property
    def series(self) -> str:
        """The series that a release belongs to: `13` for `13.0.0`, `3.3` for `3.3-1`; `3` is a series of Airflow 2."""
        return f"{self.major}" if self.family == 2 else f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return FORMATS[self.family].format(*self[1:])
