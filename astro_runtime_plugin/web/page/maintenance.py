"""The maintenance status of the running release, as the Runtime page shows it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from astro_runtime_plugin.releases.lifecycle import Lifecycle, compute_lifecycle
from astro_runtime_plugin.releases.release import Release

# The suffix of Bootstrap's label classes, by stage; page-airflow3.css defines them, too. The bar's style is the same.
STYLES = {"maintained": "success", "unmaintained": "danger", "yanked": "danger"}
DEFAULT_STYLE = "warning"


class MaintenanceStatus(NamedTuple):
    """The release's stage and dates; a date is None if it is unknown.

    `days` and `percent` are what is left of the maintenance period. `percent` is None unless the release is
    maintained today and both ends of the period are known.
    """

    stage: str
    style: str
    released: date | None
    maintained_until: date | None
    support_until: date | None
    days: int
    percent: int | None
    superseded_by: str | None
    why_yanked: str


def maintenance_status(release: Release, releases: Iterable[Release], today: date) -> MaintenanceStatus:
    """Return the status of `release` today; `releases` are all that may supersede it."""
    life = compute_lifecycle(release, releases, today)
    days = max(life.days_left(today) or 0, 0)
    return MaintenanceStatus(
        stage=life.stage,
        style=STYLES.get(life.stage, DEFAULT_STYLE),
        released=release.release_date,
        maintained_until=life.maintained_until,
        support_until=life.basic_support_until,
        days=days,
        percent=_percent(days, release.release_date, life) if life.stage == "maintained" else None,
        superseded_by=life.superseded_by,
        why_yanked=release.why_yanked,
    )


def _percent(days: int, released: date | None, life: Lifecycle) -> int | None:
    period = (life.maintained_until - released).days if life.maintained_until and released else 0
    return min(round(100 * days / period), 100) if period > 0 else None
