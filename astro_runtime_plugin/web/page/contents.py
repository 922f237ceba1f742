"""What the Runtime page says, put together for the template. Pure, but for the installed packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from importlib.metadata import Distribution, distributions
from typing import NamedTuple

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.parallelism.snapshot import Workers
from astro_runtime_plugin.releases.lifecycle import Lifecycle, compute_lifecycle
from astro_runtime_plugin.releases.release import Release
from astro_runtime_plugin.web.schemas import Runtime, Setting

PROVIDER = "apache_airflow_provider"  # the entry point by which Airflow knows one
# How each stage looks: the words of Bootstrap's labels, which Airflow 2 draws, and of page.css.
LOOKS = {"maintained": "success", "unmaintained": "danger", "yanked": "danger"}
OTHER_LOOK = "warning"


class MaintenanceStatus(NamedTuple):
    """The release's stage, and, where it is known, until when it is maintained and what of that time is left.

    `days` and `percent`, of the whole time, are of maintenance. There is no `percent` of a release that is not
    maintained today, or nobody knows since when.
    """

    stage: str
    look: str
    released: date | None
    until: date | None
    support_until: date | None
    days: int
    percent: int | None
    superseded_by: str | None
    why_yanked: str


class PageContents(NamedTuple):
    """Everything that the page shows; `own` are the settings of single components, with their hosts."""

    runtime: Runtime
    life: MaintenanceStatus | None
    components: list[RunningComponent]
    own: list[tuple[Setting, list[str]]]
    workers: Workers
    providers: list[tuple[str, str]]


def maintenance_status(release: Release, releases: Iterable[Release], today: date) -> MaintenanceStatus:
    """Return how the release stands today, as the policy and the `releases` beside it tell."""
    life = compute_lifecycle(release, releases, today)
    left = max(life.days_left(today) or 0, 0)
    return MaintenanceStatus(
        stage=life.stage,
        look=LOOKS.get(life.stage, OTHER_LOOK),
        released=release.release_date,
        until=life.maintained_until,
        support_until=life.basic_support_until,
        days=left,
        percent=_percent(left, release.release_date, life) if life.stage == "maintained" else None,
        superseded_by=life.superseded_by,
        why_yanked=release.why_yanked,
    )


def _percent(left: int, released: date | None, life: Lifecycle) -> int | None:
    whole = (life.maintained_until - released).days if life.maintained_until and released else 0
    return min(round(100 * left / whole), 100) if whole > 0 else None


@cache
def providers() -> list[tuple[str, str]]:
    """Return the installed providers and their versions, by name."""
    found: dict[str, Distribution] = {}
    for one in distributions():
        if one.metadata["Name"]:
            found.setdefault(one.metadata["Name"].lower(), one)  # Python imports the first on its path
    return sorted((name, one.version) for name, one in found.items() if _is_provider(one))


def _is_provider(distribution: Distribution) -> bool:
    return any(entry.group == PROVIDER for entry in distribution.entry_points)


def components_by_image(
    components: Iterable[RunningComponent],
) -> Mapping[tuple[str, str], list[RunningComponent]]:
    """Return the components by the image tag and release that they run, those that most run first."""
    found: dict[tuple[str, str], list[RunningComponent]] = {}
    for one in components:
        found.setdefault((one.image_tag, one.release), []).append(one)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def format_utc(moment: str) -> str:
    """Return a moment in ISO 8601 as people read it, in UTC."""
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M UTC")
