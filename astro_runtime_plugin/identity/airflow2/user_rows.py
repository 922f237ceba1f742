"""The FAB row of a user, which Airflow's notes name. It gives no rights, and no password fits it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from airflow import settings
from airflow.providers.fab.auth_manager.models import User
from airflow.utils import timezone
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from astro_runtime_plugin.identity.sessions.user import UserIdentity

TABLE = User.__table__
C = TABLE.c
NO_PASSWORD = "!"  # noqa: S105 (it is not the hash of any password)
NO_EMAIL = "{name}@email.notfound"  # FAB's own word for a user without one: the column is unique
NAME_LENGTH, EMAIL_LENGTH, PART_LENGTH = 512, 512, 256
CACHED_ROWS = 10_000


def row_id(identity: UserIdentity) -> int:
    """Return the id of the user's row, which is created or updated when this process first sees the user."""
    return _row_id(identity.name, identity.first_name, identity.last_name, identity.email)


def record_login(identity: UserIdentity) -> int:
    """Count a login in the user's row; return its id."""
    identifier = row_id(identity)
    values = {
        "last_login": timezone.utcnow().replace(tzinfo=None),
        "login_count": func.coalesce(C.login_count, 0) + 1,
    }
    with settings.engine.begin() as connection:
        connection.execute(update(TABLE).where(C.id == identifier).values(**values))
    return identifier


@lru_cache(maxsize=CACHED_ROWS)
def _row_id(name: str, first_name: str, last_name: str, email: str) -> int:
    values = {
        "username": name[:NAME_LENGTH],
        "first_name": first_name[:PART_LENGTH],
        "last_name": last_name[:PART_LENGTH],
        "email": email[:EMAIL_LENGTH],
    }
    try:
        return _write(values)
    except IntegrityError:  # another row has the email, or another process was faster
        return _write(values)


def _write(values: dict[str, str]) -> int:
    with settings.engine.begin() as connection:
        row = _find(connection, values["username"])
        values = {**values, "email": _unique_email(connection, row and row.id, values)}
        if row is None:
            result = connection.execute(insert(TABLE).values(password=NO_PASSWORD, active=True, **values))
            return int(result.inserted_primary_key[0])
        if any(getattr(row, column) != value for column, value in values.items() if column != "username"):
            changes = {column: value for column, value in values.items() if column != "username"}
            connection.execute(update(TABLE).where(C.id == row.id).values(**changes))
        return int(row.id)


def _find(connection: Connection, name: str) -> Any:
    """Return the row of a name; FAB's names differ by more than case."""
    query = select(C.id, C.first_name, C.last_name, C.email).where(func.lower(C.username) == func.lower(name))
    return connection.execute(query).first()


def _unique_email(connection: Connection, identifier: int | None, values: dict[str, str]) -> str:
    """Return the user's email, or a stand-in if there is none or another user's row has it."""
    stand_in = NO_EMAIL.format(name=values["username"])[-EMAIL_LENGTH:]
    if not values["email"]:
        return stand_in
    other = select(C.id).where(C.email == values["email"], C.id != (identifier or 0))
    return stand_in if connection.execute(other).first() else values["email"]
