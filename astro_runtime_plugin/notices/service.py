"""The notices for a user: the current ones, without those that the user has dismissed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from airflow import __version__ as airflow_version
from airflow.configuration import conf
from pydantic import BaseModel, Field

from astro_runtime_plugin.inventory.listing import RunningComponent
from astro_runtime_plugin.inventory.recorder import current_components
from astro_runtime_plugin.notices import dismissals
from astro_runtime_plugin.notices.notice import Notice
from astro_runtime_plugin.notices.rules import all_notices, release_notices
from astro_runtime_plugin.options import section
from astro_runtime_plugin.releases.current import release_of
from astro_runtime_plugin.releases.today import utc_today
from astro_runtime_plugin.updates.listed import ListedReleases
from astro_runtime_plugin.updates.service import listed_releases


class NoticeList(BaseModel):
    """The notices that the current user has not dismissed."""

    notices: list[Notice] = Field(description="the notices, the most severe first")
    dismissal_days: int = Field(
        description="for how many days a dismissed notice stays hidden; 0: until the next page"
    )


def current_notices(include_components: bool = True) -> list[Notice]:
    """Return today's notices, without those about the components if `include_components` is False.

    Empty if `[astro_runtime] notices` is False. Raises CatalogueError.
    """
    if not section.notices_enabled(conf):
        return []
    components = current_components() if include_components else ()
    return notices_on(release_of(airflow_version), components, utc_today())


def notices_on(running: str, components: Iterable[RunningComponent], day: date) -> list[Notice]:
    """Return a day's notices for the release `running`, the most severe first. Raises CatalogueError."""
    threshold = section.notice_days(conf, section.THRESHOLD_DAYS)
    return all_notices(_release_notices(running, listed_releases(), day, threshold), components)


@lru_cache(maxsize=1)  # every page asks for the same
def _release_notices(
    running: str, releases: ListedReleases, day: date, threshold_days: int
) -> tuple[Notice, ...]:
    return tuple(release_notices(running, releases.merged, releases.document, day, threshold_days))


def undismissed_notices(user: str, include_components: bool = True) -> NoticeList:
    """Return today's notices that the user has not dismissed; see `current_notices`."""
    days = section.notice_days(conf, section.DISMISSAL_DAYS)
    notices = dismissals.remaining(user, current_notices(include_components), days)
    return NoticeList(notices=notices, dismissal_days=days)


def dismiss(user: str, identifier: str, include_components: bool = True) -> bool:
    """Hide a notice from a user for some days; return False if none of the `current_notices` has this id."""
    notices = current_notices(include_components)
    notice = next((notice for notice in notices if notice.id == identifier), None)
    if notice:
        dismissals.dismiss(user, notice, section.notice_days(conf, section.DISMISSAL_DAYS))
    return notice is not None
