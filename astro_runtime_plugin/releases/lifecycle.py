"""The maintenance policy: how long a release is maintained, given the releases beside it, and at which stage it is.

Releases for Airflow 2 (`13.0.0`) are maintained by major, those for Airflow 3 (`3.3-1`) by minor: either is a series,
and begins with its first release. Every term ends with the last day of a month. A published date wins over a computed
one.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from astro_runtime_plugin.releases.catalogue import Release


class Term(NamedTuple):
    """How long a series is maintained, in months: since it began, and since its successor did; the longer counts."""

    since_its_own: int
    since_its_successor: int


STABLE, LTS = Term(6, 3), Term(18, 6)  # of Airflow 2; the successor of an LTS release is the next LTS release
MAINTENANCE, BASIC_SUPPORT = 24, 6  # of Airflow 3, in months; the second follows the first

Stage = Literal["future", "maintained", "basic support", "superseded", "unmaintained", "yanked", "unknown"]
NOT_MAINTAINED: tuple[Stage, ...] = ("superseded", "unmaintained", "yanked")


class Lifecycle(BaseModel):
    """Where a release is in its life on one day; both days are still maintained, or supported, themselves.

    `maintained_until` is None where neither a date is published nor the day known when the series began; `published`
    says that it is not computed. `superseded_by` is the release of the same major that is maintained in its place;
    None, too, where maintenance of the major has ended.
    `lts` is None where neither the release nor another one of its series says.
    """

    model_config = ConfigDict(frozen=True)

    release: str
    lts: bool | None
    stage: Stage
    maintained_until: date | None
    basic_support_until: date | None
    published: bool
    superseded_by: str | None = None

    def days_left(self, today: date) -> int | None:
        """Return the days until maintenance ends, 0 on its last day; negative after it, None where it is not known."""
        return (self.maintained_until - today).days if self.maintained_until else None


def channel_label(release: Release, told: Lifecycle) -> str:
    """Return the channel as it is shown, such as `stable, LTS`; empty where nothing is known of it."""
    return ", ".join(filter(None, (release.channel, "LTS" if told.lts else "")))


def lifecycle(release: Release, releases: Iterable[Release], today: date) -> Lifecycle:
    """Return the lifecycle of `release`, as the policy and the `releases` beside it tell it on `today`."""
    beside = [*releases, release]
    end = release.end_of_maintenance or maintenance_end(release, beside)
    successor = None if end and end < today else superseding_release(release, beside, today)
    basic = release.end_of_basic_support
    if end and not basic and release.version.family == 3:
        basic = end_of_month(end, BASIC_SUPPORT)
    return Lifecycle(
        release=release.release,
        lts=is_lts(release, beside),
        stage=_stage(release, end, basic, successor, today),
        maintained_until=end,
        basic_support_until=basic,
        published=release.end_of_maintenance is not None,
        superseded_by=successor.release if successor else None,
    )


def maintenance_end(release: Release, releases: Iterable[Release]) -> date | None:
    """Return the last day of maintenance by the policy alone; None where no date is known, and for alpha and beta.

    Without a successor, its term does not count yet: one that comes later can only put the end off.
    """
    beside = [other for other in releases if _counts(other)]
    begun = _begun(release, beside)
    if begun is None or not _counts(release):
        return None
    if release.version.family == 3:
        return end_of_month(begun, MAINTENANCE)
    term = LTS if is_lts(release, beside) else STABLE
    end = end_of_month(begun, term.since_its_own)
    next_begun = _successor_begun(release, beside)
    return max(end, end_of_month(next_begun, term.since_its_successor)) if next_begun else end


def is_lts(release: Release, releases: Iterable[Release]) -> bool | None:
    """Return whether a release has long-term support: where it does not say, as another one of its series says."""
    if release.lts is not None:
        return release.lts
    others = (other for other in releases if other.lts is not None and _counts(other))
    told = {other.lts for other in others if other.version.series == release.version.series}
    return any(told) if told else None


def superseding_release(release: Release, releases: Iterable[Release], today: date) -> Release | None:
    """Return the release that is maintained in place of this one: for Airflow 2, the newest of its major; else None.

    Only a stable one that is out and not yanked supersedes others. One without a date has long been out.
    """
    number = release.version
    newer = [
        other
        for other in releases
        if (other.version.family, other.version.series) == (2, number.series) and other.version > number
        if other.channel == "stable" and not other.yanked and (other.release_date or today) <= today
    ]
    return max(newer, key=lambda other: other.version, default=None)


def end_of_month(day: date, months: int) -> date:
    """Return the last day of the month that is `months` after the one of `day`."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, monthrange(year, month)[1])


def _stage(
    release: Release, end: date | None, basic: date | None, successor: Release | None, today: date
) -> Stage:
    cases: list[tuple[bool, Stage]] = [
        (release.yanked, "yanked"),
        (bool(release.release_date and today < release.release_date), "future"),
        (bool(end and today <= end and not successor), "maintained"),
        (bool(end and basic and end < today <= basic), "basic support"),
        (bool(end and end < today), "unmaintained"),
        (bool(successor), "superseded"),
    ]
    return next((stage for holds, stage in cases if holds), "unknown")


def _counts(release: Release) -> bool:
    """Whether a release can begin a series: not one that is, or may be, tried out; one that is yanked did come out."""
    return release.channel in ("stable", "deprecated")


def _begun(release: Release, beside: Iterable[Release]) -> date | None:
    """Return the day when the release's series began."""
    days = (other.release_date for other in beside if other.version.series == release.version.series)
    return min((day for day in days if day), default=None)


def _successor_begun(release: Release, beside: list[Release]) -> date | None:
    """Return the day when the next major of the same Airflow began, or the next LTS one after an LTS release.

    None where that is not known: behind a release of which nobody says whether it is LTS, another may not be the next.
    """
    number, lts = release.version, is_lts(release, beside)
    same = (other for other in beside if other.version.family == number.family)
    later = (other for other in same if other.version.major > number.major)
    for other in sorted(later, key=lambda other: other.version):
        told = is_lts(other, beside)
        if told or not lts:
            return _begun(other, beside)
        if told is None:
            return None
    return None
