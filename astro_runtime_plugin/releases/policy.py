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
from astro_runtime_plugin.releases.series import ReleaseIndex, starts_series


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
    index = ReleaseIndex.of(releases)
    start = index.series_of(release).start
    if start is None or not starts_series(release):
        return None
    if release.version.family == 3:
        return end_of_month(start, MAINTENANCE)
    term = LTS if is_lts(release, index) else NON_LTS
    end = end_of_month(start, term.after_start)
    successor_start = _successor_start(release, index)
    return max(end, end_of_month(successor_start, term.after_successor)) if successor_start else end


def basic_support_end(release: Release, maintenance_end: date | None) -> date | None:
    """Return the last day of basic support by the policy; None for Airflow 2, which has none."""
    if maintenance_end is None or release.version.family != 3:
        return None
    return end_of_month(maintenance_end, BASIC_SUPPORT)


def is_lts(release: Release, releases: Iterable[Release]) -> bool | None:
    """Return whether a release has long-term support; without a flag of its own it inherits its series' flag."""
    return release.lts if release.lts is not None else ReleaseIndex.of(releases).series_of(release).lts


def end_of_month(day: date, months: int) -> date:
    """Return the last day of the month that is `months` after the month of `day`."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, monthrange(year, month)[1])


def _successor_start(release: Release, index: ReleaseIndex) -> date | None:
    """Return the day on which the next series started, or for an LTS release the next LTS series, in the same family.

    None if that is unknown: a series whose LTS flag is unknown may or may not be the next LTS series.
    """
    needs_lts = is_lts(release, index)
    for series in index.later_series(release):
        if series.lts or not needs_lts:
            return series.start
        if series.lts is None:
            return None
    return None
