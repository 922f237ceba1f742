"""A release's `metadata` in the update document. Blank or invalid facts are ignored.

An invalid fact must not cost the release its other facts: a typo in a date must not hide a yank.
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

from astro_runtime_plugin.options.text import single_line
from astro_runtime_plugin.options.urls import LINK, url_problem
from astro_runtime_plugin.releases.release import (
    MAX_REASON_LENGTH,
    AirflowVersion,
    Channel,
    Day,
    PythonVersion,
    PythonVersions,
    Release,
)


def _lenient(fallback: Callable[[Any], Any]) -> WrapValidator:
    """Read a blank fact as None, and an invalid one as `fallback` converts it."""

    def validate(value: Any, strict: ValidatorFunctionWrapHandler) -> Any:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return strict(value)
        except ValidationError:
            return fallback(value)

    return WrapValidator(validate)


def _reason(value: Any) -> str:
    return single_line(str(value), MAX_REASON_LENGTH) if isinstance(value, str | int | float) else ""


def _link(url: Any) -> str | None:
    return url if isinstance(url, str) and not url_problem(url, LINK) else None


Value = TypeVar("Value")
Fact = Annotated[Value | None, _lenient(lambda _: None)]
# A value other than yes or no gives the time or the reason of the yank: a false alarm is better than a missed yank.
YankFlag = Annotated[bool | None, _lenient(bool)]


class Metadata(BaseModel):
    """A release's `metadata`; the document spells these names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)

    airflow_version: AirflowVersion
    channel: Fact[Channel] = None
    release_date: Fact[Day] = None
    end_of_support: Fact[Day] = None
    end_of_maintenance: Fact[Day] = None
    end_of_basic_support: Fact[Day] = None
    lts: Annotated[Fact[bool], Field(alias="LTS")] = None
    python_versions: Fact[PythonVersions] = None
    default_python_version: Fact[PythonVersion] = None
    yanked: YankFlag = None
    yanked_reason: Annotated[str, BeforeValidator(_reason)] = ""
    url: Annotated[Any, AfterValidator(_link)] = None

    def release(self, name: str) -> Release:
        """Return the release called `name`. Raises ValidationError for an invalid Airflow version."""
        pythons, default = self.python_versions or [], self.default_python_version
        end = self.end_of_maintenance or self.end_of_support
        released, maintained, supported = _increasing(self.release_date, end, self.end_of_basic_support)
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
        facts = {fact: value for fact, value in facts.items() if value not in (None, "", [])}
        # Without a release date it may not be out yet: without a channel, it is never offered.
        return Release.model_validate(
            {"release": name, "channel": self.channel if released else None, **facts}
        )


def _increasing(*days: date | None) -> list[date | None]:
    """Return the days, with None for each that is not after all those before it."""
    increasing: list[date | None] = []
    for day in days:
        latest = max(filter(None, increasing), default=date.min)
        increasing.append(day if day and day > latest else None)
    return increasing
