"""The notices for a user: what is to be said, less what the user has dismissed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from airflow import __version__ as airflow_version
from airflow.configuration import conf
from pydantic import BaseModel

from astro_runtime_plugin.inventory.heartbeat import current_components
from astro_runtime_plugin.notices import dismissals
from astro_runtime_plugin.notices.rules import Notice, Runs, build_notices
from astro_runtime_plugin.options import section
from astro_runtime_plugin.releases import catalogue
from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.releases.today import utc_today
from astro_runtime_plugin.updates.service import stored_releases


class NoticeList(BaseModel):
    """The answer to `GET /astro-runtime/api/notices`: the notices, and for how many days one is dismissed."""

    notices: list[Notice]
    dismissal_days: int


def all_notices(components_too: bool = True) -> list[Notice]:
    """Return what is to be said here today, of the living components too if `components_too`; none if not wanted."""
    if not section.notices_enabled(conf):
        return []
    return notices_of(
        release_of(airflow_version), current_components() if components_too else (), utc_today()
    )


def notices_of(running: str, living: Iterable[Runs], day: date) -> list[Notice]:
    """Return what is to be said on a day of the release `running`, the gravest first. Raises CatalogueError."""
    threshold = section.notice_days(conf, section.THRESHOLD_DAYS)
    return build_notices(running, catalogue.releases(), stored_releases(), living, day, threshold)


def notices_for(user: str) -> NoticeList:
    """Return what is to be said to a user."""
    days = section.notice_days(conf, section.DISMISSAL_DAYS)
    return NoticeList(notices=dismissals.remaining(user, all_notices(), days), dismissal_days=days)


def dismiss(user: str, identifier: str) -> bool:
    """Hide a notice from a user for some days; return whether there is one with this id."""
    found = next((notice for notice in all_notices() if notice.id == identifier), None)
    if found:
        dismissals.dismiss(user, found, section.notice_days(conf, section.DISMISSAL_DAYS))
    return found is not None
