"""What components tell each other: a table of the Runtime's own in the metadata database.

Airflow's own tables stay as they are: no migration of Airflow's knows of this one, and none is needed for it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from airflow.configuration import conf
from airflow.utils.net import get_hostname
from airflow.utils.session import create_session
from sqlalchemy import Column, Float, MetaData, String, Table, Text, delete, insert, inspect, select, update
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

KEPT_SECONDS = 24 * 60 * 60.0
TRIES = 3  # the table may have to be made, and two processes may make it, or the same row, at once
LONG = Text().with_variant(MEDIUMTEXT(), "mysql").with_variant(MEDIUMTEXT(), "mariadb")  # TEXT ends at 64 KiB
TABLE = Table(
    "astro_runtime_state",
    MetaData(
        schema=conf.get("database", "sql_alchemy_schema", fallback="").strip() or None
    ),  # as Airflow's own tables
    Column("kind", String(50), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("told", LONG, nullable=False),
    # Seconds since the epoch, by the clock of who tells, as in Airflow's own tables.
    Column("at", Float(53), nullable=False),
)
C = TABLE.c
T = TypeVar("T")


def here() -> str:
    """Return the name of this process: its host, as Airflow calls it, and its process id."""
    return f"{get_hostname()}:{os.getpid()}"[-200:]


def put(kind: str, name: str, told: Any, kept: float | None = KEPT_SECONDS) -> None:
    """Write down what `name` tells, in the place of what it told before; `told` is JSON.

    Who tells something for the first time forgets what others of the kind told more than `kept` seconds ago.
    Raises SQLAlchemyError where the database cannot be written.
    """
    now = time.time()
    values = {"told": json.dumps(told), "at": now}

    def write(session: Session) -> None:
        if not _changed(session, update(TABLE).where(C.kind == kind, C.name == name).values(values)):
            if kept is not None:
                session.execute(delete(TABLE).where(C.kind == kind, C.at < now - kept))
            session.execute(insert(TABLE).values(kind=kind, name=name, **values))

    _written(write)


def claim(kind: str, name: str, seconds: float) -> bool:
    """Take a turn that only one process may take in `seconds`; return whether this one has it.

    Raises SQLAlchemyError where the database cannot be written.
    """
    now = time.time()

    def write(session: Session) -> bool:
        ours = (C.kind == kind, C.name == name)
        if _changed(session, update(TABLE).where(*ours, C.at <= now - seconds).values(at=now)):
            return True
        if session.execute(select(C.at).where(*ours)).first():
            return False
        session.execute(insert(TABLE).values(kind=kind, name=name, told="null", at=now))
        return True

    return _written(write)


def fetch(kind: str, seconds: float | None = None) -> dict[str, Any]:
    """Return what was told, in the last `seconds` where they are given, by name; nothing where nothing ever was."""
    try:
        with create_session() as session:
            if not inspect(session.connection()).has_table(TABLE.name, TABLE.schema):
                return {}
            asked = select(C.name, C.told).where(C.kind == kind)
            if seconds is not None:
                asked = asked.where(C.at >= time.time() - seconds)
            return {name: json.loads(told) for name, told in session.execute(asked)}
    except SQLAlchemyError:
        return {}


def _written(write: Callable[[Session], T]) -> T:
    """Write in one transaction, and again where the table was not there, or another process was faster."""
    for _ in range(TRIES - 1):
        try:
            with create_session() as session:
                return write(session)
        except DBAPIError:
            _make_table()
    with create_session() as session:
        return write(session)


def _make_table() -> None:
    with suppress(DBAPIError), create_session() as session:  # another process may make it at the same time
        TABLE.create(session.connection(), checkfirst=True)


def _changed(session: Session, statement: Any) -> bool:
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]
