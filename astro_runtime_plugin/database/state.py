"""What components share: the Runtime's own table in the metadata database.

Airflow's tables stay unchanged. The table is created on first use, so neither it nor Airflow needs a migration.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from airflow.configuration import conf
from sqlalchemy import (
    Column,
    Float,
    MetaData,
    String,
    Table,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    inspect,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from astro_runtime_plugin.airflow_compat import hostname
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.options.text import single_line

log = logging.getLogger("astro_runtime")
RETENTION_SECONDS = 24 * 60 * 60.0
MAX_ROWS = 100  # of a kind that are read, unless the reader says otherwise
MAX_LENGTH = 1024 * 1024  # characters of a value that is read, unless the reader says otherwise
MAX_CLOCK_SKEW = 5 * 60.0  # seconds by which another host's clock may be ahead
ATTEMPTS = 3  # the table may not exist yet, and two processes may create it, or the same row, at once
# MySQL's TEXT ends at 64 KiB.
LONG_TEXT = Text().with_variant(MEDIUMTEXT(), "mysql").with_variant(MEDIUMTEXT(), "mariadb")
# The schema of Airflow's tables.
SCHEMA = conf.get("database", "sql_alchemy_schema", fallback="").strip() or None
TABLE = Table(
    "astro_runtime_state",
    MetaData(schema=SCHEMA),
    Column("kind", String(50), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", LONG_TEXT, nullable=False),
    # Seconds since the epoch, by the clock of the process that writes, as in Airflow's own tables.
    Column("updated_at", Float(53), nullable=False),
)
C = TABLE.c
_warned: set[str] = set()  # the kinds with a row that was ignored
_table_exists: list[bool] = []  # not empty once the table has been seen
T = TypeVar("T")


class NoTableError(SQLAlchemyError):
    """The table does not exist and cannot be created; the message names the remedy."""


def process_name() -> str:
    """Return the name of this process: its host as Airflow names it, and its process id."""
    return f"{single_line(hostname())}:{os.getpid()}"[-200:]


def put(kind: str, name: str, value: Any, retention: float | None = RETENTION_SECONDS) -> None:
    """Store `value`, which must be JSON-serializable, in place of the previous value of `name`.

    The first value of a name also deletes all values of the kind that are older than `retention` seconds, or dated in
    the future.
    Raises SQLAlchemyError if the database cannot be written.
    """
    now = time.time()
    values = {"value": json.dumps(value), "updated_at": now}

    def write(connection: Connection) -> None:
        row = update(TABLE).where(C.kind == kind, C.name == name)
        if not connection.execute(row.values(values)).rowcount:
            if retention is not None:
                outdated = or_(C.updated_at < now - retention, C.updated_at > now + MAX_CLOCK_SKEW)
                connection.execute(delete(TABLE).where(C.kind == kind, outdated))
            connection.execute(insert(TABLE).values(kind=kind, name=name, **values))

    _write_with_retry(write)


def take_turn(kind: str, name: str, seconds: float) -> bool:
    """Take a turn that only one process may take every `seconds`; return whether this process has it.

    A turn that lies more than `seconds` in the future was taken by a wrong clock, and is ignored.
    Raises SQLAlchemyError if the database cannot be written.
    """
    now = time.time()

    def write(connection: Connection) -> bool:
        row = (C.kind == kind, C.name == name)
        due = or_(C.updated_at <= now - seconds, C.updated_at > now + seconds)
        if connection.execute(update(TABLE).where(*row, due).values(updated_at=now)).rowcount:
            return True
        if connection.execute(select(C.updated_at).where(*row)).first():
            return False
        connection.execute(insert(TABLE).values(kind=kind, name=name, value="null", updated_at=now))
        return True

    return _write_with_retry(write)


def fetch(
    kind: str, seconds: float | None = None, max_rows: int = MAX_ROWS, max_length: int = MAX_LENGTH
) -> dict[str, Any]:
    """Return the values of a kind by name, the newest last; only those of the last `seconds` if given.

    Returns nothing if the database cannot be read or the table does not exist yet. A row is ignored if its value is not
    JSON or longer than `max_length` characters, if it is dated in the future, and if `max_rows` others are newer. A
    value may be any JSON, so check it.
    """
    now = time.time()
    in_future = C.updated_at > now + MAX_CLOCK_SKEW
    query = _select(kind, in_future, max_length)
    if seconds is not None:
        query = query.where(C.updated_at >= now - seconds)
    rows = _read(query.order_by(in_future, C.updated_at.desc()).limit(max_rows + 1))
    if len(rows) > max_rows:
        ignore(kind, rows.pop()[0], f"{max_rows} others are newer")
    values = {name: _decode(kind, name, text, future) for name, text, future in reversed(rows)}
    return {name: value for name, value in values.items() if value is not _IGNORED}


def fetch_row(kind: str, name: str, max_length: int = MAX_LENGTH) -> Any:
    """Return the value of `name`; None for one that `fetch` would ignore because of what it is.

    Raises LookupError if there is none now: none is stored, it is dated in the future, or the database cannot be read.
    """
    in_future = C.updated_at > time.time() + MAX_CLOCK_SKEW
    for _, text, future in _read(_select(kind, in_future, max_length).where(C.name == name)):
        value = _decode(kind, name, text, future)
        if not future:
            return None if value is _IGNORED else value
    raise LookupError(name)


def _select(kind: str, in_future: Any, max_length: int) -> Any:
    """Return the query for name, value and date in the future; a value that would be ignored stays in the database."""
    value = case((and_(func.length(C.value) <= max_length, not_(in_future)), C.value), else_=None)
    return select(C.name, value, in_future).where(C.kind == kind)


_IGNORED = object()


def _decode(kind: str, name: str, text: str | None, in_future: bool) -> Any:
    """Return the JSON value of a row; `_IGNORED` if it must not be used."""
    try:
        if not in_future and text is not None:
            return json.loads(text)
        ignore(kind, name, "it is dated in the future" if in_future else "it is too long")
    except (ValueError, RecursionError):
        ignore(kind, name, "it is not JSON")
    return _IGNORED


def ignore(kind: str, name: str, why: str) -> None:
    """Log that a row is ignored: a warning for the first one of a kind, because each page would repeat it."""
    level = logging.DEBUG if kind in _warned else logging.WARNING
    _warned.add(kind)
    log.log(level, "%s: the %s row %.200r is ignored: %s", TABLE.name, kind, name, why)


def existing(kind: str, names: Collection[str], seconds: float) -> set[str]:
    """Return those of `names` whose value was written within the last `seconds`; none if the database is away."""
    now = time.time()
    recent = and_(C.updated_at >= now - seconds, C.updated_at <= now + MAX_CLOCK_SKEW)
    return {name for (name,) in _read(select(C.name).where(C.kind == kind, C.name.in_(names), recent))}


def updated_at(kind: str, name: str) -> float | None:
    """Return when the value of `name` was last written, in seconds since the epoch; None if it never was."""
    rows = _read(select(C.updated_at).where(C.kind == kind, C.name == name))
    return next((seconds for (seconds,) in rows), None)


def _read(query: Any) -> list[Any]:
    """Return the rows; none if the database cannot be read or the table does not exist yet."""
    try:
        return in_transaction(lambda connection: [*connection.execute(query)] if _exists(connection) else [])
    except (SQLAlchemyError, ValueError):  # a value that is not of its column's type, which SQLite allows
        return []


def _write_with_retry(write: Callable[[Connection], T]) -> T:
    """Write in one transaction; try again if the table did not exist or another process was faster."""
    for _ in range(ATTEMPTS - 1):
        try:
            return in_transaction(write)
        except DBAPIError:
            _create_table()
    return in_transaction(write)


def _create_table() -> None:
    try:
        in_transaction(lambda connection: TABLE.create(connection, checkfirst=True))
    except DBAPIError as error:
        if not in_transaction(_exists):  # another process may have created it at the same time
            message = (
                f"the table {TABLE.name} cannot be created; the database's user needs the right to create it"
            )
            raise NoTableError(message) from error


def _exists(connection: Connection) -> bool:
    """Return whether the table exists; once it does, the database is not queried again."""
    if not _table_exists and inspect(connection).has_table(TABLE.name, TABLE.schema):
        _table_exists.append(True)
    return bool(_table_exists)
