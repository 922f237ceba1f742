"""What an update document says of one release. A fact that is blank or cannot be read counts as one that is not told.

So a trifle costs the release no other fact: a yank must not be hidden behind a date.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

from astro_runtime_plugin.options.links import url_problem
from astro_runtime_plugin.releases.catalogue import Channel, Day, Python, Release, one_line

MAX_REASON_LENGTH = 300  # characters


def _otherwise(instead: Callable[[Any], Any]) -> WrapValidator:
    """Read a fact as None where it is blank, and as `instead` reads it where it is not what it should be."""

    def read_or_not(told: Any, read: ValidatorFunctionWrapHandler) -> Any:
        if told is None or (isinstance(told, str) and not told.strip()):
            return None
        try:
            return read(told)
        except ValidationError:
            return instead(told)

    return WrapValidator(read_or_not)


def _reason(told: Any) -> str:
    text = one_line("" if told is None else str(told))
    return text if len(text) <= MAX_REASON_LENGTH else f"{text[:MAX_REASON_LENGTH]}…"


def _link(url: Any) -> str | None:
    return url if isinstance(url, str) and not url_problem(url) else None


Told = TypeVar("Told")
Fact = Annotated[Told | None, _otherwise(lambda _: None)]
# What is no plain yes or no says when or why: better a yank too many than one that nobody hears of.
Yes = Annotated[bool | None, _otherwise(bool)]


class Metadata(BaseModel):
    """A release's `metadata`; the names in the document are these in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)

    airflow_version: str
    channel: Fact[Channel] = None
    release_date: Fact[Day] = None
    end_of_support: Fact[Day] = None
    end_of_maintenance: Fact[Day] = None
    end_of_basic_support: Fact[Day] = None
    lts: Annotated[Fact[bool], Field(alias="LTS")] = None
    python_versions: Fact[list[Python]] = None
    default_python_version: Fact[Python] = None
    yanked: Yes = None
    yanked_reason: Annotated[str, BeforeValidator(_reason)] = ""
    url: Annotated[Any, AfterValidator(_link)] = None

    def release(self, name: str) -> Release:
        """Return the row of the release `name`. Raises ValidationError where its Airflow version is none."""
        pythons, default = self.python_versions or [], self.default_python_version
        end = self.end_of_maintenance or self.end_of_support
        released, maintained, supported = _in_order(self.release_date, end, self.end_of_basic_support)
        facts = {
            "airflow": self.airflow_version,
            "lts": self.lts,
            "release_date": released,
            "end_of_maintenance": maintained,
            "end_of_basic_support": supported,
            "python_versions": pythons,
            "default_python": default if default in pythons else None,
            "yanked": self.yanked,
            "yanked_reason": self.yanked_reason,
            "url": self.url,
        }
        told = {fact: value for fact, value in facts.items() if value not in (None, "", [])}
        # While nobody says since when it is out, it may not be: like one of no known channel, it is never offered.
        return Release.model_validate(
            {"release": name, "channel": self.channel if released else None, **told}
        )


def _in_order(*days: date | None) -> list[date | None]:
    """Return the days, with None for each that does not come after those before it."""
    kept: list[date | None] = []
    for day in days:
        last = max(filter(None, kept), default=date.min)
        kept.append(day if day and day > last else None)
    return kept
