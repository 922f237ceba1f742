"""The maintenance policy: until when a release is maintained, given the releases of its family. No I/O.

Releases for Airflow 2 (`13.0.0`) are maintained by major, those for Airflow 3 (`3.3-1`) by minor. Either is a series,
which starts with its first release. Every term ends on the last day of a month.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from astro_runtime_plugin.releases.release import Release


class Term(NamedTuple):
    """How long a series is maintained, in months after its start and after its successor's; the later date counts."""

    after_start: int
    after_successor: int


NON_LTS, LTS = Term(6, 3), Term(18, 6)  # Airflow 2; the successor of an LTS release is the next LTS release
MAINTENANCE, BASIC_SUPPORT = 24, 6  # Airflow 3, in months; basic support follows maintenance


def maintenance_end(release: Release, releases: Iterable[Release]) -> date | None:
    """Return the last day of maintenance by the policy; None for alpha and beta, and if no date is known.

    As long as there is no successor, only the term after the series' own start counts; a successor can only postpone
    the end.
    """
    official = [candidate for candidate in releases if _starts_series(candidate)]
    start = _series_start(release, official)
    if start is None or not _starts_series(release):
        return None
    if release.version.family == 3:
        return end_of_month(start, MAINTENANCE)
    term = LTS if is_lts(release, official) else NON_LTS
    end = end_of_month(start, term.after_start)
    successor_start = _successor_start(release, official)
    return max(end, end_of_month(successor_start, term.after_successor)) if successor_start else end


def basic_support_end(release: Release, maintenance_end: date | None) -> date | None:
    """Return the last day of basic support by the policy; None for Airflow 2, which has none."""
    if maintenance_end is None or release.version.family != 3:
        return None
    return end_of_month(maintenance_end, BASIC_SUPPORT)


def is_lts(release: Release, releases: Iterable[Release]) -> bool | None:
    """Return whether a release has long-term support; without a flag of its own it inherits its series' flag."""
    if release.lts is not None:
        return release.lts
    series = release.version.series
    candidates = (candidate for candidate in releases if _starts_series(candidate))
    flags = {candidate.lts for candidate in candidates if candidate.version.series == series} - {None}
    return any(flags) if flags else None


def end_of_month(day: date, months: int) -> date:
    """Return the last day of the month that is `months` after the month of `day`."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, monthrange(year, month)[1])


def _starts_series(release: Release) -> bool:
    """Whether a release can start a series: not an alpha, a beta or an unknown channel; a yanked release can."""
    return release.channel in ("stable", "deprecated")


def _series_start(release: Release, releases: Iterable[Release]) -> date | None:
    """Return the day on which the release's series started."""
    series = release.version.series
    days = (candidate.release_date for candidate in releases if candidate.version.series == series)
    return min((day for day in days if day), default=None)


def _successor_start(release: Release, releases: list[Release]) -> date | None:
    """Return the day on which the next major started, or for an LTS release the next LTS major, in the same family.

    None if that is unknown: a major whose LTS flag is unknown may or may not be the next LTS major.
    """
    version, needs_lts = release.version, is_lts(release, releases)
    family = (candidate for candidate in releases if candidate.version.family == version.family)
    later = (candidate for candidate in family if candidate.version.major > version.major)
    for candidate in sorted(later, key=lambda candidate: candidate.version):
        lts = is_lts(candidate, releases)
        if lts or not needs_lts:
            return _series_start(candidate, releases)
        if lts is None:
            return None
    return None
