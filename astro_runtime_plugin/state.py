"""What components tell each other: a table of the Runtime's own in the metadata database.

Airflow's own tables stay as they are: no migration of Airflow's knows of this one, and none is needed for it.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from airflow.utils.net import get_hostname
from airflow.utils.session import create_session
from sqlalchemy import Column, Float, MetaData, String, Table, Text, delete, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

KEPT_SECONDS = 24 * 60 * 60.0
TABLE = Table(
    "astro_runtime_state",
    MetaData(),
    Column("kind", String(50), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("told", Text, nullable=False),
    Column(
        "at", Float(53), nullable=False
    ),  # seconds since the epoch, by the clock of who tells, as in Airflow's own
)


def here() -> str:
    """Return the name of this process: its host, as Airflow calls it, and its process id."""
    return f"{get_hostname()}:{os.getpid()}"[-200:]


def put(kind: str, name: str, told: Any) -> None:
    """Write down what `name` tells, in the place of what it told before; `told` is JSON."""
    with create_session() as session:
        TABLE.create(session.connection(), checkfirst=True)
        ours = (TABLE.c.kind == kind) & (TABLE.c.name == name)
        session.execute(
            delete(TABLE).where((TABLE.c.kind == kind) & (TABLE.c.at < time.time() - KEPT_SECONDS))
        )
        session.execute(delete(TABLE).where(ours))
        session.execute(insert(TABLE).values(kind=kind, name=name, told=json.dumps(told), at=time.time()))


def fetch(kind: str, seconds: float) -> dict[str, Any]:
    """Return what was told in the last `seconds`, by name; nothing where nothing ever was."""
    try:
        with create_session() as session:
            if not inspect(session.connection()).has_table(TABLE.name):
                return {}
            young = select(TABLE.c.name, TABLE.c.told).where(
                (TABLE.c.kind == kind) & (TABLE.c.at >= time.time() - seconds)
            )
            return {name: json.loads(told) for name, told in session.execute(young)}
    except SQLAlchemyError:
        return {}
