"""The update that is offered to a running release. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.version import Version


def offered_update(running: str, releases: Iterable[Release], today: date) -> Release | None:
    """Return the release that an installation of `running` should move to; None if there is none.

    It is the highest release that is stable, not yanked and released by today; the running series takes precedence
    over newer series. Versions are compared, not dates: an older series may have releases of a later date.
    """
    current = Version.parse(running)
    newer = [release for release in releases if release.version > current and _is_available(release, today)]
    same_series = [release for release in newer if release.version.series == current.series]
    return max(same_series or newer, key=lambda release: release.version, default=None)


def _is_available(release: Release, today: date) -> bool:
    return release.is_stable and release.release_date is not None and release.release_date <= today
