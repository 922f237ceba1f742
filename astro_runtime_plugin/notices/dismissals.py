"""The notices that each user has dismissed, kept for some days in the Runtime's table in the metadata database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from astro_runtime_plugin.database import state
from astro_runtime_plugin.notices.notice import Notice

KIND = "dismissed notice"
DAY_SECONDS = 24 * 60 * 60.0


def dismiss(user: str, notice: Notice, days: float) -> None:
    """Hide a notice from a user for `days`. Raises SQLAlchemyError if the database cannot be written."""
    state.put(KIND, _row_name(user, notice.id), notice.id, retention=days * DAY_SECONDS)


def remaining(user: str, notices: Iterable[Notice], days: float) -> list[Notice]:
    """Return the notices that the user has not dismissed within the last `days`."""
    by_row = {_row_name(user, notice.id): notice for notice in notices}
    dismissed = state.existing(KIND, [*by_row], days * DAY_SECONDS)
    return [notice for name, notice in by_row.items() if name not in dismissed]


def _row_name(user: str, notice_id: str) -> str:
    """Return a name of fixed length that does not reveal the user."""
    return hashlib.sha256(f"{user}\0{notice_id}".encode()).hexdigest()
