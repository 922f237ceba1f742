"""What components tell each other: a table of the Runtime's own in the metadata database.

Airflow's own tables stay as they are: no migration of Airflow's knows of this one, and none is needed for it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from airflow import settings
from airflow.configuration import conf
from airflow.utils.net import get_hostname
from sqlalchemy import (
    Column,
    Float,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.engine import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from astro_runtime_plugin import background

RETENTION_SECONDS = 24 * 60 * 60.0
TRIES = 3  # the table may have to be made, and two processes may make it, or the same row, at once
LONG_TEXT = (
    Text().with_variant(MEDIUMTEXT(), "mysql").with_variant(MEDIUMTEXT(), "mariadb")
)  # TEXT ends at 64 KiB
TABLE = Table(
    "astro_runtime_state",
    MetaData(
        schema=conf.get("database", "sql_alchemy_schema", fallback="").strip() or None
    ),  # as Airflow's own tables
    Column("kind", String(50), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", LONG_TEXT, nullable=False),
    # Seconds since the epoch, by the clock of who tells, as in Airflow's own tables.
    Column("updated_at", Float(53), nullable=False),
)
C = TABLE.c
_table_exists: list[bool] = []  # whether the table was
T = TypeVar("T")


class NoTableError(SQLAlchemyError):
    """The table is not there, and cannot be made; `str()` of it says what would help."""


def process_name() -> str:
    """Return the name of this process: its host, as Airflow calls it, and its process id."""
    return f"{get_hostname()}:{os.getpid()}"[-200:]


def put(kind: str, name: str, value: Any, retention: float | None = RETENTION_SECONDS) -> None:
    """Write down what `name` tells, in the place of what it told before; `told` is JSON.

    Who tells something for the first time forgets what others of the kind told more than `kept` seconds ago.
    Raises SQLAlchemyError where the database cannot be written.
    """
    now = time.time()
    values = {"value": json.dumps(value), "updated_at": now}

    def write(connection: Connection) -> None:
        ours = update(TABLE).where(C.kind == kind, C.name == name)
        if not connection.execute(ours.values(values)).rowcount:
            if retention is not None:
                connection.execute(delete(TABLE).where(C.kind == kind, C.updated_at < now - retention))
            connection.execute(insert(TABLE).values(kind=kind, name=name, **values))

    _write_with_retry(write)


def take_turn(kind: str, name: str, seconds: float) -> bool:
    """Take a turn that only one process may take in `seconds`; return whether this one has it.

    A turn later than `seconds` from now was taken by a clock that was wrong, and counts for nothing.
    Raises SQLAlchemyError where the database cannot be written.
    """
    now = time.time()

    def write(connection: Connection) -> bool:
        ours = (C.kind == kind, C.name == name)
        due = or_(C.updated_at <= now - seconds, C.updated_at > now + seconds)
        if connection.execute(update(TABLE).where(*ours, due).values(updated_at=now)).rowcount:
            return True
        if connection.execute(select(C.updated_at).where(*ours)).first():
            return False
        connection.execute(insert(TABLE).values(kind=kind, name=name, value="null", updated_at=now))
        return True

    return _write_with_retry(write)


def fetch(kind: str, seconds: float | None = None) -> dict[str, Any]:
    """Return what was told, in the last `seconds` where they are given, by name; nothing where nothing ever was."""
    query = select(C.name, C.value).where(C.kind == kind)
    if seconds is not None:
        query = query.where(C.updated_at >= time.time() - seconds)
    return {name: json.loads(value) for name, value in _read(query)}


def updated_at(kind: str, name: str) -> float | None:
    """Return when `name` last told something, in seconds since the epoch; None where it never has."""
    return next((at for (at,) in _read(select(C.updated_at).where(C.kind == kind, C.name == name))), None)


def _read(query: Any) -> list[Any]:
    """Return the rows; none where the database cannot be query, or nothing has made the table yet."""
    try:
        return _in_transaction(
            lambda connection: [*connection.execute(query)] if _is_there(connection) else []
        )
    except SQLAlchemyError:
        return []


def _write_with_retry(write: Callable[[Connection], T]) -> T:
    """Write in one transaction, and again where the table was not there, or another process was faster."""
    for _ in range(TRIES - 1):
        try:
            return _in_transaction(write)
        except DBAPIError:
            _make_table()
    return _in_transaction(write)


def _make_table() -> None:
    try:
        _in_transaction(lambda connection: TABLE.create(connection, checkfirst=True))
    except DBAPIError as error:
        if not _in_transaction(_is_there):  # or another process has made it at the same time
            why = f"the table {TABLE.name} cannot be made; the database's user needs the right to create it"
            raise NoTableError(why) from error


def _is_there(connection: Connection) -> bool:
    """Return whether the table is there; once it is, nobody is query again."""
    if not _table_exists and inspect(connection).has_table(TABLE.name, TABLE.schema):
        _table_exists.append(True)
    return bool(_table_exists)


def _in_transaction(work: Callable[[Connection], T]) -> T:
    """Do work by a connection, not by a session of Airflow's: those Airflow closes from other threads, at its end."""
    with (_without_pool() if background.is_background_thread() else settings.engine).begin() as connection:
        return work(connection)


@cache
def _without_pool() -> Engine:
    """Return an engine that connects as Airflow's does, for each transaction anew.

    A connection in the pool belongs to the children, too, that Airflow forks: Airflow 2's drop theirs, and mysqlclient
    then closes the parent's, wherever a thread of the parent is with it. What connects may be an operator's
    (`do_connect`, for tokens), so it is taken from the pool.
    """
    theirs = settings.engine
    return create_engine(theirs.url, creator=theirs.pool._creator, poolclass=NullPool, future=True)
