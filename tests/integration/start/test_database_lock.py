"""The lock on a real MariaDB, whose locks apply to all databases of the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

from astro_runtime_plugin.database import lock
from testing.mariadb import MariaDB, mariadb


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDB]:
    with mariadb() as server:
        yield server


def engine(server: MariaDB, database: str) -> Engine:
    """Create a database, and return an engine that waits long for each of its many connections."""
    return create_engine(server.create(database), connect_args={"connect_timeout": 300}, future=True)


def test_lock_is_of_one_database_and_a_wait_for_it_ends(
    server: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    first, second = (engine(server, name) for name in ("first", "second"))
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0)
    with lock.exclusive(first, lines.append), lock.exclusive(second, lines.append):
        assert lines == []
        with pytest.raises(lock.LockedError, match="giving up"), lock.exclusive(first, lines.append):
            raise AssertionError("the lock was taken twice")
    with lock.exclusive(first, lines.append):
        assert lines == []


def test_lock_is_free_as_soon_as_it_is_released(server: MariaDB, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server frees the locks of a closed connection a moment later: of 1000 attempts, 40 came too early."""
    third = engine(server, "third")
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0)
    holds = 0
    for _ in range(1000):
        with suppress(lock.LockedError), lock.exclusive(third, pytest.fail):
            holds += 1
    assert holds == 1000
