"""The notices about the running release: yanked, superseded, end of maintenance, update. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.notices.image_tags import image_tag_notices
from astro_runtime_plugin.notices.notice import LEVELS, Notice
from astro_runtime_plugin.releases.lifecycle import Lifecycle, compute_lifecycle
from astro_runtime_plugin.releases.merge import find_release, merge_releases
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.updates.offer import offered_update


def build_notices(
    running: str,
    catalogue: list[Release],
    document: list[Release],
    components: Iterable[RunningComponent],
    today: date,
    threshold_days: int,
) -> list[Notice]:
    """Return the notices for an installation of the release `running`, the most severe first.

    `document` lists the releases of the update document, empty without one; `components` are the running ones. The
    notice about the end of maintenance starts `threshold_days` before it.
    """
    releases = merge_releases(catalogue, document)
    release = find_release(running, releases)
    lifecycle = compute_lifecycle(release, releases, today) if release else None
    notices = [*image_tag_notices([*components]), *_update(running, lifecycle, document, today)]
    if release and lifecycle:
        maintenance = _maintenance(release, lifecycle, releases, today, threshold_days)
        notices = [*_yanked(release), *maintenance, *notices]
    return sorted(notices, key=lambda notice: [*LEVELS].index(notice.level))


def _yanked(release: Release) -> Iterator[Notice]:
    if release.yanked:
        text = f"The running release {release.release} was yanked: {release.why_yanked}."
        yield Notice(id=f"yanked:{release.release}", level="critical", text=text, url=release.url)


def _maintenance(
    release: Release, lifecycle: Lifecycle, releases: list[Release], today: date, threshold_days: int
) -> Iterator[Notice]:
    """Yield the notice that the release is superseded, or else that its maintenance has ended or ends soon."""
    end = lifecycle.maintained_until
    if lifecycle.superseded_by:
        yield _superseded(lifecycle.release, lifecycle.superseded_by, releases)
    elif end and end < today:
        yield _ended(release, end, lifecycle.basic_support_until, today)
    elif end and (end - today).days <= threshold_days:
        yield _ends_soon(release, end, (end - today).days)


def _superseded(running: str, successor: str, releases: list[Release]) -> Notice:
    release = find_release(successor, releases)
    text = f"Release {running} is not maintained; {successor} is maintained instead."
    url = release.url if release else None
    return Notice(id=f"superseded:{running}:{successor}", level="warning", text=text, url=url)


def _ended(release: Release, end: date, basic_end: date | None, today: date) -> Notice:
    running = release.release
    support = f"; basic support ends on {basic_end}" if basic_end and basic_end >= today else ""
    text = f"Maintenance of release {running} ended on {end}{support}."
    return Notice(id=f"maintenance-ended:{running}:{end}", level="critical", text=text, url=release.url)


def _ends_soon(release: Release, end: date, days_left: int) -> Notice:
    running = release.release
    when = {0: "today", 1: "tomorrow"}.get(days_left, f"in {days_left} days")
    text = f"Maintenance of release {running} ends on {end}, {when}."
    return Notice(id=f"maintenance-ends:{running}:{end}", level="warning", text=text, url=release.url)


def _update(
    running: str, lifecycle: Lifecycle | None, document: list[Release], today: date
) -> Iterator[Notice]:
    """Offer an update, unless another notice names the same release as the one that is maintained instead."""
    offered = offered_update(running, document, today)
    if offered and not (lifecycle and lifecycle.superseded_by == offered.release):
        text = f"Release {offered.release} (Airflow {offered.airflow}) is available; {running} is running."
        yield Notice(id=f"update:{offered.release}", level="info", text=text, url=offered.url)
