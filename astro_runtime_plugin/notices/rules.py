"""The notices about the running release: yanked, superseded, end of maintenance, update. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.notices.image_tags import image_tag_notices
from astro_runtime_plugin.notices.notice import LEVELS, Notice
from astro_runtime_plugin.releases.lifecycle import Lifecycle, compute_lifecycle
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.releases.series import ReleaseIndex
from astro_runtime_plugin.updates.offer import offered_update


def release_notices(
    running: str, releases: ReleaseIndex, document: Iterable[Release], today: date, threshold_days: int
) -> list[Notice]:
    """Return the notices about the release `running`; `releases` are the listed ones, with those of the document."""
    release = releases.find(running)
    lifecycle = compute_lifecycle(release, releases, today) if release else None
    update = _update(running, lifecycle, document, today)
    if not (release and lifecycle):
        return [*update]
    maintenance = _maintenance(release, lifecycle, releases, today, threshold_days)
    return [*_yanked(release), *maintenance, *update]


def all_notices(about_release: Iterable[Notice], components: Iterable[RunningComponent]) -> list[Notice]:
    """Return the notices about the release and those about the running components, the most severe first."""
    notices = [*about_release, *image_tag_notices([*components])]
    return sorted(notices, key=lambda notice: [*LEVELS].index(notice.level))


def _yanked(release: Release) -> Iterator[Notice]:
    if release.yanked:
        text = f"The running release {release.release} was yanked: {release.why_yanked}."
        yield Notice(id=f"yanked:{release.release}", level="critical", text=text, url=release.url)


def _maintenance(
    release: Release, lifecycle: Lifecycle, releases: ReleaseIndex, today: date, threshold_days: int
) -> Iterator[Notice]:
    """Yield the notice that the release is superseded, or else that its maintenance has ended or ends soon."""
    end = lifecycle.maintained_until
    if lifecycle.superseded_by:
        yield _superseded(lifecycle.release, lifecycle.superseded_by, releases)
    elif end and end < today:
        yield _ended(release, end, lifecycle.basic_support_until, today)
    elif end and (end - today).days <= threshold_days:
        yield _ends_soon(release, end, (end - today).days)


def _superseded(running: str, successor: str, releases: ReleaseIndex) -> Notice:
    release = releases.find(successor)
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
    running: str, lifecycle: Lifecycle | None, document: Iterable[Release], today: date
) -> Iterator[Notice]:
    """Offer an update, unless another notice names the same release as the one that is maintained instead."""
    offered = offered_update(running, document, today)
    if offered and not (lifecycle and lifecycle.superseded_by == offered.release):
        text = f"Release {offered.release} (Airflow {offered.airflow}) is available; {running} is running."
        yield Notice(id=f"update:{offered.release}", level="info", text=text, url=offered.url)
