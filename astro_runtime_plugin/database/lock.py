"""One process at a time at the metadata database: what replicas that start at once wait for.

The lock is tried again and again, not waited for: a statement that waits keeps a snapshot, and a migration that
builds an index concurrently waits for every snapshot, so that each would wait for the other without end.
"""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

REMIND_EVERY = 10  # seconds
KEY = 0x617374726F  # of our own: Airflow's migration takes locks 1 and 2
POSTGRESQL = "SELECT pg_try_advisory_xact_lock(:key)"
# A lock of MySQL's spans all databases of the server, and its name has at most 64 characters.
MYSQL = "SELECT GET_LOCK(CONCAT('astro_runtime_', SHA1(DATABASE())), 0)"
# The transaction that holds the lock is idle for as long as the migration takes; not every server has each setting.
NO_TIMEOUTS = """
    SELECT set_config(name, '0', true) FROM pg_settings
    WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')"""


@contextmanager
def exclusive(engine: Engine, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of the engine's database; waits without limit, and says so at once and every ten seconds.

    Only processes that ask through this function keep each other waiting. The lock ends with the process that
    holds it. A database other than PostgreSQL, MySQL, MariaDB and SQLite has none.
    """
    with engine.connect() as connection:
        connection.detach()  # a pool of one has room for the migration
        with LOCKS.get(engine.dialect.name, _no_lock)(connection, _waiting(say)):
            yield


def _waiting(say: Callable[[str], None]) -> Callable[[], None]:
    """Return what is called between two tries."""
    said = -float(REMIND_EVERY)

    def wait() -> None:
        nonlocal said
        if time.monotonic() - said >= REMIND_EVERY:
            say("waiting: another process prepares the metadata database")
            said = time.monotonic()
        time.sleep(random.uniform(0.5, 1.5))  # noqa: S311 (no secret hangs on it)

    return wait


@contextmanager
def _postgresql(connection: Connection, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock by a transaction, not by the session, which PgBouncer hands to others between transactions."""
    while not _try_lock(connection):
        connection.rollback()
        wait()
    connection.execute(text(NO_TIMEOUTS))
    yield


def _try_lock(connection: Connection) -> bool:
    """Try once; a transaction that reads committed data keeps no snapshot while it is idle."""
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL READ COMMITTED"))
    return bool(connection.scalar(text(POSTGRESQL), {"key": KEY}))


@contextmanager
def _mysql(connection: Connection, wait: Callable[[], None]) -> Iterator[None]:
    while not connection.scalar(text(MYSQL)):
        connection.rollback()
        wait()
    yield


@contextmanager
def _sqlite(connection: Connection, wait: Callable[[], None]) -> Iterator[None]:
    """Lock the folder of the database's file: nothing is left behind, and SQLite's own locks are not touched."""
    path = connection.execute(text("PRAGMA database_list")).one()[2]
    connection.rollback()
    if not path:
        yield  # in memory: nobody else is there
        return
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        while not _locked(folder):
            wait()
        yield
    finally:
        os.close(folder)


def _locked(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _no_lock(connection: Connection, wait: Callable[[], None]) -> Iterator[None]:
    yield


LOCKS: dict[str, Callable[[Connection, Callable[[], None]], AbstractContextManager[None]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "sqlite": _sqlite,
}
