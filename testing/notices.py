"""All notices for a release, from lists of releases: what the web server computes from the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.notices.notice import Notice
from astro_runtime_plugin.notices.rules import all_notices, release_notices
from astro_runtime_plugin.releases.merge import merge_releases
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.series import ReleaseIndex


def build_notices(
    running: str,
    catalogue: Iterable[Release],
    document: Iterable[Release],
    components: Iterable[RunningComponent],
    today: date,
    threshold_days: int,
) -> list[Notice]:
    """Return the notices for the release `running`, the most severe first."""
    listed = tuple(document)
    releases = ReleaseIndex(merge_releases(catalogue, listed))
    return all_notices(release_notices(running, releases, listed, today, threshold_days), components)
