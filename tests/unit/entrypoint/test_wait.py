"""The wait's clock, which no test can wait for."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from entrypoint.config_file import read_config
from entrypoint.errors import UNAVAILABLE, StartError
from entrypoint.wait import wait_for

ENVIRON = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "mysql://airflow:secret@database/airflow"}


@pytest.fixture
def pauses(mocker: MockerFixture) -> list[float]:
    """Return the pauses of the wait, while its clock runs only through them and no connection is taken."""
    slept: list[float] = []
    mocker.patch("time.monotonic", side_effect=lambda: sum(slept))
    mocker.patch("time.sleep", side_effect=slept.append)
    mocker.patch("socket.create_connection", side_effect=ConnectionRefusedError(111, "Connection refused"))
    return slept


def test_it_reminds_every_ten_seconds(tmp_path: Path, pauses: list[float]) -> None:
    said: list[str] = []
    with pytest.raises(StartError) as gave_up:
        wait_for(["metadata database"], ENVIRON, read_config(str(tmp_path / "airflow.cfg")), said.append)
    assert gave_up.value.code == UNAVAILABLE
    assert "gave up on the metadata database at database:3306 after 6" in str(gave_up.value)
    assert set(said) == {"waiting for the metadata database at database:3306: Connection refused"}
    assert len(said) == 6  # at once, and after 10, 20, 30, 40 and 50 of the 60 seconds


def test_it_reminds_every_ten_seconds_of_a_longer_pause_too(tmp_path: Path, pauses: list[float]) -> None:
    said: list[str] = []
    patient = {**ENVIRON, "CONNECTION_CHECK_MAX_COUNT": "2", "CONNECTION_CHECK_SLEEP_TIME": "60"}
    with pytest.raises(StartError):
        wait_for(["metadata database"], patient, read_config(str(tmp_path / "airflow.cfg")), said.append)
    assert max(pauses) <= 10
    assert sum(pauses) >= 120
    assert len(said) >= 6  # in 120 seconds, no two further apart than two pauses


def test_the_pauses_double_up_to_the_check_sleep_time(tmp_path: Path, pauses: list[float]) -> None:
    with pytest.raises(StartError):
        wait_for(
            ["metadata database"], ENVIRON, read_config(str(tmp_path / "airflow.cfg")), lambda line: None
        )
    for pause, most in zip(pauses[:5], (0.15, 0.3, 0.6, 1.2, 2.4), strict=True):
        assert most / 3 <= pause <= most
    assert max(pauses) <= 3
    assert 60 <= sum(pauses) <= 63
    assert len(pauses) >= 20


def test_replicas_do_not_try_in_step(tmp_path: Path, pauses: list[float]) -> None:
    firsts = set()
    for _ in range(5):
        pauses.clear()
        with pytest.raises(StartError):
            wait_for(
                ["metadata database"], ENVIRON, read_config(str(tmp_path / "airflow.cfg")), lambda line: None
            )
        firsts.add(pauses[0])
    assert len(firsts) == 5
