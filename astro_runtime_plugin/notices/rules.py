"""What an operator should know before it hurts, in the words of the UI and the log. Pure, but for the log."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256
from typing import Literal, Protocol

from pydantic import BaseModel

from astro_runtime_plugin.releases.catalogue import Release
from astro_runtime_plugin.releases.lifecycle import Lifecycle, lifecycle
from astro_runtime_plugin.releases.merge import find_release, merge_releases
from astro_runtime_plugin.updates.offer import offered_update

log = logging.getLogger("astro_runtime")

MAX_NAMED = 6  # components in a notice; the Runtime page lists them all
LEVELS = {"critical": logging.WARNING, "warning": logging.WARNING, "info": logging.INFO}  # the gravest first
_logged: set[str] = set()


class Runs(Protocol):
    """A living component, of what `components.shown.living` returns."""

    @property
    def component(self) -> str: ...  # noqa: D102
    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def image_tag(self) -> str: ...  # noqa: D102
    @property
    def release(self) -> str: ...  # noqa: D102


class Notice(BaseModel):
    """A notice: text without markup, and where to read more, http(s), if the update document says so.

    `id` is the same for as long as the notice says the same thing, so one that was dismissed stays so.
    """

    id: str
    level: Literal["info", "warning", "critical"]
    text: str
    url: str | None = None


def build_notices(
    running: str,
    catalogue: list[Release],
    document: list[Release],
    components: Iterable[Runs],
    today: date,
    threshold_days: int,
) -> list[Notice]:
    """Return what is to be said of the release `running`, the gravest first.

    `document` is what the update check has found, empty without one; `components` are those that live.
    The end of maintenance is said from `threshold_days` before it on.
    """
    known = merge_releases(catalogue, document)
    release = find_release(running, known)
    life = lifecycle(release, known, today) if release else None
    found = [*_tags([*components]), *_update(running, life, document, today)]
    if release and life:
        found = [*_yanked(release), *_maintenance(release, life, known, today, threshold_days), *found]
    return sorted(found, key=lambda notice: [*LEVELS].index(notice.level))


def log_notices(said: Iterable[Notice]) -> None:
    """Write notices into the log, each once in the life of this process."""
    for notice in said:
        if notice.id not in _logged:
            _logged.add(notice.id)
            log.log(LEVELS[notice.level], "%s", notice.text)


def _yanked(release: Release) -> Iterator[Notice]:
    if release.yanked:
        text = f"Release {release.release}, which runs here, was yanked: {release.why_yanked}."
        yield Notice(id=f"yanked:{release.release}", level="critical", text=text, url=release.url)


def _maintenance(
    release: Release, life: Lifecycle, known: list[Release], today: date, threshold_days: int
) -> Iterator[Notice]:
    """Say that another release is maintained in place of this one, or that maintenance has ended, or ends soon."""
    end = life.maintained_until
    if life.superseded_by:
        yield _superseded(life.release, life.superseded_by, known)
    elif end and end < today:
        yield _ended(release, end, life.basic_support_until, today)
    elif end and (end - today).days <= threshold_days:
        yield _ends(release, end, (end - today).days)


def _superseded(running: str, by: str, known: list[Release]) -> Notice:
    told = find_release(by, known)
    text = f"Release {running} is not maintained: {by} is, in its place."
    url = told.url if told else None
    return Notice(id=f"superseded:{running}:{by}", level="warning", text=text, url=url)


def _ended(release: Release, end: date, basic: date | None, today: date) -> Notice:
    running = release.release
    more = f"; basic support ends on {basic}" if basic and basic >= today else ""
    text = f"Maintenance of release {running} ended on {end}{more}."
    return Notice(id=f"maintenance-ended:{running}:{end}", level="critical", text=text, url=release.url)


def _ends(release: Release, end: date, left: int) -> Notice:
    running = release.release
    text = f"Maintenance of release {running} ends on {end}, {_in_days(left)}."
    return Notice(id=f"maintenance-ends:{running}:{end}", level="warning", text=text, url=release.url)


def _in_days(left: int) -> str:
    return {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")


def _update(running: str, life: Lifecycle | None, document: list[Release], today: date) -> Iterator[Notice]:
    """Offer an update, unless the same release has been named as the one that is maintained in place of this one."""
    offered = offered_update(running, document, today)
    if offered and not (life and life.superseded_by == offered.release):
        text = f"Release {offered.release} (Airflow {offered.airflow}) is available; {running} runs here."
        yield Notice(id=f"update:{offered.release}", level="info", text=text, url=offered.url)


def _tags(components: list[Runs]) -> Iterator[Notice]:
    """Name the components whose tag is not the one that most have; all of them where none is the most common."""
    counted = Counter(_image(one, components) for one in components)
    if len(counted) < 2:
        return
    (most, times), (_, second) = counted.most_common(2)
    odd = [one for one in components if times == second or _image(one, components) != most]
    named = [f"{one.component} on {one.host} runs {_image(one, components)}" for one in odd[:MAX_NAMED]]
    named += [f"{len(odd) - MAX_NAMED} more"] * (len(odd) > MAX_NAMED)
    rest = "" if times == second else f"{times} of {len(components)} components run {most}, but "
    mark = sha256("\0".join(sorted(counted)).encode()).hexdigest()[:16]
    text = f"Image tags differ: {rest}{', '.join(named)}."
    yield Notice(id=f"image-tags:{mark}", level="warning", text=text)


def _image(one: Runs, components: list[Runs]) -> str:
    """Name the image of a component: by its tag, and by its release where another one has the same tag."""
    releases = {other.release for other in components if other.image_tag == one.image_tag}
    return one.image_tag if len(releases) == 1 else f"{one.image_tag} (release {one.release})"
