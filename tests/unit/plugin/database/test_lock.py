"""The lock on a real SQLite database; tests/integration/start/test_setup_database.py covers PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from astro_runtime_plugin.database import lock
from astro_runtime_plugin.database.lock import exclusive
from testing.waiting import wait_until


def test_second_replica_waits_for_the_first_and_logs_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/airflow.db"
    order: list[str] = []
    lines: list[str] = []

    def replica() -> None:
        with exclusive(create_engine(url, future=True), lines.append):
            order.append("second")

    thread = threading.Thread(target=replica, daemon=True)
    with exclusive(create_engine(url, future=True), order.append):
        thread.start()
        wait_until(lambda: lines)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert lines == ["waiting: another process prepares the metadata database"]


def test_wait_for_a_lock_that_is_never_released_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", future=True)
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0)
    with exclusive(engine, print):  # noqa: SIM117
        with pytest.raises(lock.LockedError, match=r"for 0 s; giving up; its lock is .*/airflow\.db\.astro"):
            with exclusive(engine, print):
                raise AssertionError("the lock was taken twice")


def test_lock_leaves_no_file_behind_and_can_be_taken_again(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", future=True)
    lines: list[str] = []
    for _ in range(2):
        with exclusive(engine, lines.append):
            assert lines == []
    assert {path.name for path in tmp_path.iterdir()} <= {"airflow.db"}


def test_database_in_memory_is_not_locked() -> None:
    lines: list[str] = []
    with (
        exclusive(create_engine("sqlite://", future=True), lines.append),
        exclusive(create_engine("sqlite://", future=True), lines.append),
    ):
        assert lines == []
