"""Dismissed notices in a real database."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from astro_runtime_plugin.database import state
from astro_runtime_plugin.notices import dismissals
from astro_runtime_plugin.notices.notice import Notice

pytestmark = pytest.mark.usefixtures("statements")

FIRST, SECOND = (Notice(id=name, level="info", text=name) for name in ("first", "second"))


def test_dismissed_notice_is_hidden_from_its_user_only() -> None:
    dismissals.dismiss("ann", FIRST, 7)
    assert dismissals.remaining("ann", [FIRST, SECOND], 7) == [SECOND]
    assert dismissals.remaining("vic", [FIRST, SECOND], 7) == [FIRST, SECOND]


def test_dismissed_notice_reappears_after_the_days(mocker: MockerFixture) -> None:
    clock = mocker.patch("time.time", return_value=1000.0)
    dismissals.dismiss("ann", FIRST, 7)
    clock.return_value += 7 * dismissals.DAY_SECONDS
    assert dismissals.remaining("ann", [FIRST], 7) == []
    clock.return_value += 1
    assert dismissals.remaining("ann", [FIRST], 7) == [FIRST]


def test_repeated_dismissal_counts_from_the_last_one(mocker: MockerFixture) -> None:
    clock = mocker.patch("time.time", return_value=1000.0)
    for _ in range(3):
        dismissals.dismiss("ann", FIRST, 7)
        clock.return_value += 6 * dismissals.DAY_SECONDS
    assert dismissals.remaining("ann", [FIRST], 7) == []


def test_dismissal_deletes_expired_rows(mocker: MockerFixture) -> None:
    clock = mocker.patch("time.time", return_value=1000.0)
    dismissals.dismiss("ann", FIRST, 7)
    clock.return_value += 8 * dismissals.DAY_SECONDS
    dismissals.dismiss("ann", SECOND, 7)
    assert [*state.fetch(dismissals.KIND).values()] == ["second"]
