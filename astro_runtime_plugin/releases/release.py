"""One release of the Runtime: its facts, validated wherever they come from."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from astro_runtime_plugin.options.text import single_line
from astro_runtime_plugin.options.urls import LINK, url_problem
from astro_runtime_plugin.releases.version import Version

# The Runtime is not older; a later date is a typo.
EARLIEST, LATEST = date(2021, 1, 1), date(2100, 1, 1)
MAX_REASON_LENGTH = 300  # characters


def _check_name(text: str) -> str:
    return str(Version.parse(text))


def _check_url(url: str) -> str:
    if problem := url_problem(url, LINK):
        raise ValueError(f"it {problem}")
    return url


def _check_day(day: date) -> date:
    if not EARLIEST <= day < LATEST:
        raise ValueError(f"it must lie between {EARLIEST} and {LATEST}")
    return day


Day = Annotated[date, AfterValidator(_check_day)]
SingleLine = Annotated[str, AfterValidator(lambda text: single_line(text, MAX_REASON_LENGTH))]
Channel = Literal["stable", "deprecated", "alpha", "beta"]
AirflowVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+[0-9a-z.+-]*$", max_length=50)]
PythonVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+$", max_length=10)]
PythonVersions = Annotated[list[PythonVersion], Field(max_length=20)]


class OperatingSystem(BaseModel):
    """The operating system of an image; `python_versions` names the Pythons that use it, empty for all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    codename: str
    python_versions: PythonVersions = []
    note: SingleLine = ""


class Release(BaseModel):
    """One release. `None` or an empty list means that the fact is documented nowhere.

    `airflow` is `2.4` if only the minor version is documented. A release is still maintained on its
    `end_of_maintenance`; `lifecycle` computes the dates that are None. A release without a channel is never offered
    and never supersedes another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    release: Annotated[str, AfterValidator(_check_name)]
    airflow: AirflowVersion
    channel: Channel | None = "stable"
    lts: bool | None = None
    release_date: Day | None = None
    end_of_maintenance: Day | None = None
    end_of_basic_support: Day | None = None
    python_versions: PythonVersions = []
    default_python: PythonVersion | None = None
    os: list[OperatingSystem] = []
    architectures: list[Literal["amd64", "arm64"]] = []
    postgresql: list[int] = []
    yanked: bool = False
    yanked_reason: SingleLine = ""
    url: Annotated[str, AfterValidator(_check_url)] | None = None

    @property
    def version(self) -> Version:
        """The release as a version that can be compared."""
        return Version.parse(self.release)

    @property
    def is_stable(self) -> bool:
        """Whether the release is of the stable channel and not yanked."""
        return self.channel == "stable" and not self.yanked

    @property
    def why_yanked(self) -> str:
        """The reason for the yank, as part of a sentence."""
        return self.yanked_reason.rstrip(". ") or "no reason is given"

    @model_validator(mode="after")
    def _check_order_of_dates(self) -> Release:
        names = ("release_date", "end_of_maintenance", "end_of_basic_support")
        dates = [(name, day) for name in names if (day := getattr(self, name))]
        for (earlier, start), (later, end) in pairwise(dates):
            if end <= start:
                raise ValueError(f"{later} ({end}) must come after {earlier} ({start})")
        return self

    @model_validator(mode="after")
    def _check_default_python(self) -> Release:
        if self.default_python not in [None, *self.python_versions]:
            raise ValueError(f"default_python ({self.default_python}) must be one of python_versions")
        return self
