"""Which release to move to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.releases.version import Version


def offered_update(running: str, releases: Iterable[Release], today: date) -> Release | None:
    """Return the release that one who runs `running` may move to; None where there is none.

    The highest one that is stable, not yanked and released by today. One of the running series comes before those of
    newer series. What counts is the number: an older series may have releases of a later date.
    """
    here = Version.parse(running)
    higher = [one for one in releases if one.version > here and _can_be_had(one, today)]
    same = [one for one in higher if one.version.series == here.series]
    return max(same or higher, key=lambda one: one.version, default=None)


def _can_be_had(release: Release, today: date) -> bool:
    return (
        release.channel == "stable"
        and not release.yanked
        and release.release_date is not None
        and release.release_date <= today
    )
