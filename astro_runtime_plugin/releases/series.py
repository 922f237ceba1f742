"""Releases, indexed by series, so that a question about a release looks at its own series only. No I/O.

Releases for Airflow 2 (`13.0.0`) form a series by major, those for Airflow 3 (`3.3-1`) by minor.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from itertools import islice, takewhile

from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.version import Version

Key = tuple[int, int, int]  # family, major, and for Airflow 3 the minor


class Series:
    """The releases of one series."""

    def __init__(self) -> None:
        self.releases: list[Release] = []
        self._newest: dict[date, Release | None] = {}

    @cached_property
    def has_started(self) -> bool:
        """Whether it lists a release that can start a series."""
        return any(map(starts_series, self.releases))

    @cached_property
    def start(self) -> date | None:
        """The day on which the series started; None if no date is known."""
        official = filter(starts_series, self.releases)
        return min((day for release in official if (day := release.release_date)), default=None)

    @cached_property
    def lts(self) -> bool | None:
        """Whether the series has long-term support; None if no release has an LTS flag."""
        flags = {release.lts for release in filter(starts_series, self.releases)} - {None}
        return any(flags) if flags else None

    def newest_stable(self, today: date) -> Release | None:
        """Return the highest release that is stable, not yanked and out; one without a date has long been out."""
        if today not in self._newest:
            stable = (release for release in self.releases if release.is_stable)
            out = (release for release in stable if (release.release_date or today) <= today)
            self._newest = {today: max(out, key=lambda release: release.version, default=None)}
        return self._newest[today]


class ReleaseIndex:
    """Releases, to look up by name and by series; equal to no other index, so that it can be the key of a cache."""

    def __init__(self, releases: Iterable[Release]) -> None:
        self._releases = tuple(releases)
        self._by_name = {release.release: release for release in reversed(self._releases)}
        self._series: dict[Key, Series] = {}
        for release in self._releases:
            self._series.setdefault(_key(release.version), Series()).releases.append(release)
        self._keys = sorted(self._series)

    @classmethod
    def of(cls, releases: Iterable[Release]) -> ReleaseIndex:
        """Return the index of `releases`, which may be one already."""
        return releases if isinstance(releases, cls) else cls(releases)

    def __iter__(self) -> Iterator[Release]:
        return iter(self._releases)

    def find(self, name: str) -> Release | None:
        """Return the release called `name`; None if it is not listed."""
        return self._by_name.get(name)

    def including(self, release: Release) -> ReleaseIndex:
        """Return an index that also lists `release`: this one if it does."""
        if self._by_name.get(release.release) == release:
            return self
        return ReleaseIndex((*self._releases, release))

    def series_of(self, release: Release) -> Series:
        """Return the series of a release; an empty one if none of its releases is listed."""
        return self._series.get(_key(release.version)) or Series()

    def later_series(self, release: Release) -> Iterator[Series]:
        """Yield the series of the same family that follow a release's and have started, in their order."""
        key = _key(release.version)
        later = takewhile(
            lambda candidate: candidate[0] == key[0], islice(self._keys, bisect(self._keys, key), None)
        )
        return (series for candidate in later if (series := self._series[candidate]).has_started)


def starts_series(release: Release) -> bool:
    """Whether a release can start a series: not an alpha, a beta or an unknown channel; a yanked release can."""
    return release.channel in ("stable", "deprecated")


def _key(version: Version) -> Key:
    return version.family, version.major, 0 if version.family == 2 else version.minor
