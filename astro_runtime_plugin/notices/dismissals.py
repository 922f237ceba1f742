"""Which notices a user has dismissed: kept beside what components tell each other, for some days."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from astro_runtime_plugin.database import state
from astro_runtime_plugin.notices.rules import Notice

KIND = "dismissed notice"
DAY_SECONDS = 24 * 60 * 60.0


def dismiss(user: str, notice: Notice, days: float) -> None:
    """Hide a notice from a user for `days`. Raises SQLAlchemyError where the database cannot be written."""
    state.put(KIND, _name(user, notice.id), notice.id, retention=days * DAY_SECONDS)


def remaining(user: str, notices: Iterable[Notice], days: float) -> list[Notice]:
    """Return the notices that the user has not dismissed in the last `days`."""
    dismissed = state.fetch(KIND, days * DAY_SECONDS)
    return [notice for notice in notices if _name(user, notice.id) not in dismissed]


def _name(user: str, notice: str) -> str:
    """Name a user and a notice without a limit to their length, and without the user's name."""
    return hashlib.sha256(f"{user}\0{notice}".encode()).hexdigest()
