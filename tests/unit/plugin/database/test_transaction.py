"""Transactions of background threads, in processes that fork."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow import settings
from sqlalchemy import create_engine, text

from astro_runtime_plugin.background import start_thread
from astro_runtime_plugin.database import transaction

PARENT = os.getpid()
SECONDS = 300


class SlowConnection(sqlite3.Connection):
    """A connection whose first statement, in the process that forks, is answered when `released` is set."""

    begun = threading.Event()
    released = threading.Event()

    def cursor(self, *arguments: Any) -> Any:
        if os.getpid() == PARENT:
            self.begun.set()
            assert self.released.wait(SECONDS)
        return super().cursor(*arguments)


@pytest.fixture
def slow_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Airflow's engine make slow connections."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(tmp_path / "airflow.db", factory=SlowConnection, check_same_thread=False)

    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", creator=connect)
    monkeypatch.setattr(settings, "engine", engine)
    transaction._engine_without_pool.cache_clear()
    yield
    transaction._engine_without_pool.cache_clear()


def ask_in_thread() -> threading.Event:
    """Ask the database in a background thread; return what is set when it has answered."""
    answered = threading.Event()

    def ask(_: object) -> None:
        transaction.in_transaction(lambda connection: connection.execute(text("SELECT 1")).scalar())
        answered.set()

    start_thread("test", ask)
    return answered


@pytest.mark.usefixtures("slow_database")
def test_forked_process_connects_although_its_parent_was_connecting() -> None:
    answered = ask_in_thread()
    assert SlowConnection.begun.wait(SECONDS)
    child = os.fork()
    if child == 0:
        os._exit(0 if ask_in_thread().wait(30) else 1)
    SlowConnection.released.set()
    assert answered.wait(SECONDS)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
