"""The lifecycle of a release: its stage on a day, and its dates. A published date wins over a computed one. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from astro_runtime_plugin.releases.policy import basic_support_end, is_lts, maintenance_end
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.series import ReleaseIndex

Stage = Literal["future", "maintained", "basic support", "superseded", "unmaintained", "yanked", "unknown"]
UNMAINTAINED_STAGES: tuple[Stage, ...] = ("superseded", "unmaintained", "yanked")


class Lifecycle(BaseModel):
    """A release's lifecycle on one day. Both end dates are inclusive.

    `maintained_until` is None if neither the date is published nor the start of the series is known; `published` is
    False for a computed date. `superseded_by` is the release of the same major that is maintained instead; None also
    after maintenance of the major has ended. `lts` is None if no release of the series has an LTS flag.
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
        """Return the days until maintenance ends: 0 on its last day, negative afterwards, None if it is unknown."""
        return (self.maintained_until - today).days if self.maintained_until else None


def compute_lifecycle(release: Release, releases: Iterable[Release], today: date) -> Lifecycle:
    """Return the lifecycle of `release` on `today`; `releases` are the releases to compare it with."""
    candidates = ReleaseIndex.of(releases).including(release)
    end = release.end_of_maintenance or maintenance_end(release, candidates)
    basic_end = release.end_of_basic_support or basic_support_end(release, end)
    successor = None if end and end < today else superseding_release(release, candidates, today)
    return Lifecycle(
        release=release.release,
        lts=is_lts(release, candidates),
        stage=_stage(release, end, basic_end, successor, today),
        maintained_until=end,
        basic_support_until=basic_end,
        published=release.end_of_maintenance is not None,
        superseded_by=successor.release if successor else None,
    )


def channel_label(release: Release, lifecycle: Lifecycle) -> str:
    """Return the channel as the UI shows it, such as `stable, LTS`; empty if nothing is known about it."""
    return ", ".join(filter(None, (release.channel, "LTS" if lifecycle.lts else "")))


def superseding_release(release: Release, releases: Iterable[Release], today: date) -> Release | None:
    """Return the release that is maintained instead: for Airflow 2 the newest of the major, for Airflow 3 None.

    Only a stable release that is out and not yanked supersedes others. A release without a date has long been out.
    """
    if release.version.family != 2:
        return None
    newest = ReleaseIndex.of(releases).series_of(release).newest_stable(today)
    return newest if newest and newest.version > release.version else None


def _stage(
    release: Release, end: date | None, basic_end: date | None, successor: Release | None, today: date
) -> Stage:
    cases: list[tuple[bool, Stage]] = [
        (release.yanked, "yanked"),
        (bool(release.release_date and today < release.release_date), "future"),
        (bool(end and today <= end and not successor), "maintained"),
        (bool(end and basic_end and end < today <= basic_end), "basic support"),
        (bool(end and end < today), "unmaintained"),
        (bool(successor), "superseded"),
    ]
    return next((stage for holds, stage in cases if holds), "unknown")
