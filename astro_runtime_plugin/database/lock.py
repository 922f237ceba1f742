"""A lock on the metadata database, so that replicas that start at once set it up one after the other.

The lock is polled instead of waited for: a waiting statement holds a snapshot, and a migration that builds an index
concurrently waits for every snapshot, so the two would wait for each other forever.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from astro_runtime_plugin.database.lock_file import locked_file

REMINDER_SECONDS = 10
WAIT_SECONDS = 1800  # a long migration; an orchestrator then starts the replica again, which waits again
KEY = 0x617374726F  # the Runtime's own: Airflow's migration uses the keys 1 and 2
POSTGRESQL = "SELECT pg_try_advisory_xact_lock(:key)"
# A MySQL lock applies to all databases of the server, so its name carries the database's; it has at most 64 characters.
MYSQL = "SELECT GET_LOCK(CONCAT('astro_runtime_', SHA1(DATABASE())), 0)"
MYSQL_RELEASE = MYSQL.replace("GET_LOCK", "RELEASE_LOCK").replace(", 0)", ")")
LOCK_SUFFIX = ".astro-runtime.lock"
# The transaction that holds the lock is idle during the whole migration; not every server has each of these settings.
NO_TIMEOUTS = """
    SELECT set_config(name, '0', true) FROM pg_settings
    WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')"""


class LockedError(Exception):
    """Another process has held the lock for longer than the limit."""


@contextmanager
def exclusive(engine: Engine, log: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock on the engine's database; log a wait at once and every ten seconds.

    Raises LockedError after WAIT_SECONDS, because whoever may use the database may hold its lock for ever. The lock
    excludes only other callers of this function, and ends with the process that holds it. A database other than
    PostgreSQL, MySQL, MariaDB and SQLite is not locked.
    """
    with engine.connect() as connection:
        connection.detach()  # leaves a pool of size one to the migration
        with LOCKS.get(engine.dialect.name, _no_lock)(connection, _pause_with_log(log)):
            yield


def _pause_with_log(log: Callable[[str], None]) -> Callable[[], None]:
    """Return the pause between two attempts, which logs from time to time and ends the wait."""
    logged_at = -float(REMINDER_SECONDS)
    give_up_at = time.monotonic() + WAIT_SECONDS

    def pause() -> None:
        nonlocal logged_at
        if time.monotonic() >= give_up_at:
            raise LockedError(
                f"another process has held the metadata database for {WAIT_SECONDS} s; giving up"
            )
        if time.monotonic() - logged_at >= REMINDER_SECONDS:
            log("waiting: another process prepares the metadata database")
            logged_at = time.monotonic()
        time.sleep(random.uniform(0.5, 1.5))  # noqa: S311 (not a secret)

    return pause


@contextmanager
def _postgresql(connection: Connection, pause: Callable[[], None]) -> Iterator[None]:
    """Hold the lock by a transaction instead of a session, which PgBouncer shares between transactions."""
    while not _try_lock(connection):
        connection.rollback()
        pause()
    connection.execute(text(NO_TIMEOUTS))
    yield


def _try_lock(connection: Connection) -> bool:
    """Try once. A transaction with READ COMMITTED holds no snapshot while it is idle."""
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL READ COMMITTED"))
    return bool(connection.scalar(text(POSTGRESQL), {"key": KEY}))


@contextmanager
def _mysql(connection: Connection, pause: Callable[[], None]) -> Iterator[None]:
    while not connection.scalar(text(MYSQL)):
        connection.rollback()
        pause()
    try:
        yield
    finally:  # a server frees the locks of a closed connection a moment later
        with suppress(DBAPIError):
            connection.execute(text(MYSQL_RELEASE))


@contextmanager
def _sqlite(connection: Connection, pause: Callable[[], None]) -> Iterator[None]:
    """Lock a file beside the database: SQLite's own locks would stop the migration."""
    path = connection.execute(text("PRAGMA database_list")).one()[2]
    connection.rollback()
    if not path:
        yield  # a database in memory has no other users
        return
    try:
        with locked_file(f"{path}{LOCK_SUFFIX}", pause):
            yield
    except LockedError as error:
        raise LockedError(f"{error}; its lock is {path}{LOCK_SUFFIX}") from None


@contextmanager
def _no_lock(connection: Connection, pause: Callable[[], None]) -> Iterator[None]:
    yield


LOCKS: dict[str, Callable[[Connection, Callable[[], None]], AbstractContextManager[None]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "sqlite": _sqlite,
}
