"""Dismissed notices, in a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import create_engine

from astro_runtime_plugin.database import state
from astro_runtime_plugin.notices import dismissals
from astro_runtime_plugin.notices.notice import Notice

ONE, TWO = (Notice(id=name, level="info", text=name) for name in ("one", "two"))


@pytest.fixture(autouse=True)
def database(tmp_path: Path, mocker: MockerFixture) -> Iterator[None]:
    """Another database than the one of Airflow in this process."""
    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", future=True)
    mocker.patch("airflow.settings.engine", new=engine)
    mocker.patch.object(state, "_table_exists", new=[])
    yield
    engine.dispose()


def test_a_dismissed_notice_stays_away_from_its_user_alone() -> None:
    dismissals.dismiss("ann", ONE, 7)
    assert dismissals.remaining("ann", [ONE, TWO], 7) == [TWO]
    assert dismissals.remaining("vic", [ONE, TWO], 7) == [ONE, TWO]


def test_it_is_shown_again_after_the_days(mocker: MockerFixture) -> None:
    clock = mocker.patch("time.time", return_value=1000.0)
    dismissals.dismiss("ann", ONE, 7)
    clock.return_value += 7 * dismissals.DAY_SECONDS
    assert dismissals.remaining("ann", [ONE], 7) == []
    clock.return_value += 1
    assert dismissals.remaining("ann", [ONE], 7) == [ONE]


def test_dismissed_again_it_stays_away_from_then_on(mocker: MockerFixture) -> None:
    clock = mocker.patch("time.time", return_value=1000.0)
    for _ in range(3):
        dismissals.dismiss("ann", ONE, 7)
        clock.return_value += 6 * dismissals.DAY_SECONDS
    assert dismissals.remaining("ann", [ONE], 7) == []


def test_what_has_run_out_is_forgotten_when_another_is_dismissed(mocker: MockerFixture) -> None:
    clock = mocker.patch("time.time", return_value=1000.0)
    dismissals.dismiss("ann", ONE, 7)
    clock.return_value += 8 * dismissals.DAY_SECONDS
    dismissals.dismiss("ann", TWO, 7)
    assert [*state.fetch(dismissals.KIND).values()] == ["two"]
