"""A component's heartbeat: its start time, and how often it is retried while the database is unreachable."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise

import psutil  # type: ignore[import-untyped]
import pytest
from pytest_mock import MockerFixture
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.database import state
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.inventory.listing import iso_utc

AWAY = OperationalError("SELECT 1", {}, Exception("postgresql://user:secret@host"))


@pytest.mark.parametrize(("server", "process"), [("", os.getpid), ("gunicorn/23.0.0", os.getppid)])
def test_gunicorn_process_has_the_start_time_of_gunicorn(
    mocker: MockerFixture, server: str, process: Callable[[], int]
) -> None:
    mocker.patch.dict(os.environ, {"SERVER_SOFTWARE": server})
    assert recorder._current_component("webserver").since == iso_utc(psutil.Process(process()).create_time())


def start_time() -> str:
    return recorder._current_component("api-server").since


def test_worker_of_uvicorn_has_the_start_time_of_its_server() -> None:
    spawn = multiprocessing.get_context("spawn")  # as uvicorn starts its workers
    with ProcessPoolExecutor(1, spawn) as worker:
        assert worker.submit(start_time).result() == iso_utc(psutil.Process().create_time())


def pauses(mocker: MockerFixture, outcomes: list[Exception | None]) -> list[float]:
    """Return how long the thread waits after each attempt to record; the attempts have these outcomes."""
    mocker.patch.object(state, "put", side_effect=outcomes)
    seconds: list[float] = []

    def wait(pause: float) -> None:
        seconds.append(pause)
        if len(seconds) == len(outcomes):
            raise SystemExit

    with pytest.raises(SystemExit):
        recorder._record_forever(wait, recorder._current_component("scheduler"), [], 30.0)  # type: ignore[arg-type]
    return seconds


def test_unreachable_database_is_retried_less_and_less_often_and_logged_once(
    mocker: MockerFixture, caplog: pytest.LogCaptureFixture
) -> None:
    seconds = pauses(mocker, [None, *[AWAY] * 40, None, None])
    assert seconds[:3] == [10.0, 10.0, 10.0]
    assert all(earlier <= later for earlier, later in pairwise(seconds[:-2]))
    assert max(seconds) == recorder.MAX_RETRY_INTERVAL
    assert seconds[-2:] == [10.0, 10.0]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "OperationalError" in caplog.text
    assert "secret" not in caplog.text


def test_rollout_takes_as_long_as_the_longest_threshold(
    mocker: MockerFixture,
) -> None:
    mocker.patch.dict(os.environ, {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "300"})
    assert recorder.rollout_seconds() == 400.0
