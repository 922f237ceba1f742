"""The thread of a component: since when it runs, and how often it tries where the database is away."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from itertools import pairwise

import psutil  # type: ignore[import-untyped]
import pytest
from pytest_mock import MockerFixture
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.database import state
from astro_runtime_plugin.inventory import heartbeat
from astro_runtime_plugin.inventory.listing import iso_utc

AWAY = OperationalError("SELECT 1", {}, Exception("postgresql://user:secret@host"))


@pytest.mark.parametrize(("server", "process"), [("", os.getpid), ("gunicorn/23.0.0", os.getppid)])
def test_a_process_of_gunicorn_runs_since_gunicorn_does(
    mocker: MockerFixture, server: str, process: Callable[[], int]
) -> None:
    mocker.patch.dict(os.environ, {"SERVER_SOFTWARE": server})
    assert heartbeat._current_component("webserver").since == iso_utc(psutil.Process(process()).create_time())


def pauses(mocker: MockerFixture, outcomes: list[Exception | None]) -> list[float]:
    """Return how long a thread waits after each try to record, whose outcomes these are."""
    mocker.patch.object(state, "put", side_effect=outcomes)
    waited: list[float] = []

    def rest(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == len(outcomes):
            raise SystemExit

    with pytest.raises(SystemExit):
        heartbeat._record_forever(rest, heartbeat._current_component("scheduler"), [], 30.0)  # type: ignore[arg-type]
    return waited


def test_a_database_that_is_away_is_tried_ever_less_often_and_said_once(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    waited = pauses(mocker, [None, *[AWAY] * 40, None, None])
    assert waited[:3] == [10.0, 10.0, 10.0]
    assert all(one <= other for one, other in pairwise(waited[:-2]))
    assert max(waited) == heartbeat.MAX_RETRY_INTERVAL
    assert waited[-2:] == [10.0, 10.0]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "OperationalError" in caplog.text
    assert "secret" not in caplog.text


def test_components_that_a_rollout_has_replaced_are_dead_after_the_longest_silence(
    mocker: MockerFixture,
) -> None:
    mocker.patch.dict(os.environ, {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "300"})
    assert heartbeat.rollout_seconds() == 400.0
