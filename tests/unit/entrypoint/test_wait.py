"""Pauses and reminders of the wait, with a simulated clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from entrypoint.config_file import read_config
from entrypoint.errors import UNAVAILABLE, StartError
from entrypoint.wait import retry_policy, wait_for

ENVIRON = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "mysql://airflow:secret@database/airflow"}


@pytest.fixture
def pauses(mocker: MockerFixture) -> list[float]:
    """Record the pauses of the wait; only they advance the clock, and every connection is refused."""
    slept: list[float] = []
    mocker.patch("time.monotonic", side_effect=lambda: sum(slept))
    mocker.patch("time.sleep", side_effect=slept.append)
    mocker.patch("socket.create_connection", side_effect=ConnectionRefusedError(111, "Connection refused"))
    return slept


def test_wait_reminds_every_ten_seconds(tmp_path: Path, pauses: list[float]) -> None:
    lines: list[str] = []
    with pytest.raises(StartError) as error:
        wait_for(["metadata database"], ENVIRON, read_config(str(tmp_path / "airflow.cfg")), lines.append)
    assert error.value.code == UNAVAILABLE
    assert "gave up on the metadata database at database:3306 after 6" in str(error.value)
    assert set(lines) == {"waiting for the metadata database at database:3306: Connection refused"}
    assert 5 <= len(lines) <= 6  # at once, and at the first attempt after each 10 of the 60 seconds


def test_wait_reminds_every_ten_seconds_during_longer_pause(tmp_path: Path, pauses: list[float]) -> None:
    lines: list[str] = []
    environ = {**ENVIRON, "CONNECTION_CHECK_MAX_COUNT": "2", "CONNECTION_CHECK_SLEEP_TIME": "60"}
    with pytest.raises(StartError):
        wait_for(["metadata database"], environ, read_config(str(tmp_path / "airflow.cfg")), lines.append)
    assert max(pauses) <= 10
    assert sum(pauses) >= 120
    assert len(lines) >= 6  # in 120 seconds, no two further apart than two pauses


def test_wait_doubles_pauses_up_to_sleep_time(tmp_path: Path, pauses: list[float]) -> None:
    with pytest.raises(StartError):
        wait_for(
            ["metadata database"], ENVIRON, read_config(str(tmp_path / "airflow.cfg")), lambda line: None
        )
    for pause, longest in zip(pauses[:5], (0.15, 0.3, 0.6, 1.2, 2.4), strict=True):
        assert longest / 3 <= pause <= longest
    assert max(pauses) <= 3
    assert 60 <= sum(pauses) <= 63
    assert len(pauses) >= 20


@pytest.mark.parametrize(("count", "checks"), [("0", 0), ("-1", 0), (" ", 20), ("1", 1)])
def test_count_of_checks_is_read_as_in_the_official_image(count: str, checks: int) -> None:
    assert retry_policy({"CONNECTION_CHECK_MAX_COUNT": count}).count == checks


def test_wait_jitters_first_pause(tmp_path: Path, pauses: list[float]) -> None:
    first_pauses = set()
    for _ in range(5):
        pauses.clear()
        with pytest.raises(StartError):
            wait_for(
                ["metadata database"], ENVIRON, read_config(str(tmp_path / "airflow.cfg")), lambda line: None
            )
        first_pauses.add(pauses[0])
    assert len(first_pauses) == 5


@pytest.mark.parametrize("host", ["a%00b", "a..b", "é" * 70, "x" * 300, "%ff"])
def test_host_that_no_name_server_takes_ends_with_75(tmp_path: Path, host: str) -> None:
    environ = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": f"redis://{host}:1/0",
        "CONNECTION_CHECK_MAX_COUNT": "1",
        "CONNECTION_CHECK_SLEEP_TIME": "0",
    }
    with pytest.raises(StartError) as error:
        wait_for(["broker"], environ, read_config(str(tmp_path / "airflow.cfg")), lambda line: None)
    assert error.value.code == UNAVAILABLE
