"""What works once: the state of a login, an admin token; and logouts. All web servers share it, by the database."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from astro_runtime_plugin.identity.sessions.tables import ONCE, ONCE_TABLE

C = ONCE.c
STATE, ADMIN_TOKEN, LOGOUT_TOKEN = "state", "admin token", "logout token"
LOGOUT = "logout"


def use_first(kind: str, digest: str, expires_at: float) -> bool:
    """Remember until `expires_at` that `digest` is used; return whether this is its first use.

    Raises SQLAlchemyError.
    """

    def write(connection: Connection) -> bool:
        if connection.execute(select(C.hash).where(C.kind == kind, C.hash == digest)).first():
            return False
        _insert(connection, kind, digest, "", expires_at)
        return True

    # Of two processes that use it at once, the slower one cannot insert, tries again, and finds it.
    return ONCE_TABLE.write(write)


def put(kind: str, digest: str, value: str, expires_at: float) -> None:
    """Store a value that can be taken once, until `expires_at`. Raises SQLAlchemyError."""
    ONCE_TABLE.write(lambda connection: _insert(connection, kind, digest, value, expires_at))


def take(kind: str, digest: str, now: float) -> str:
    """Return the value and delete it. Raises LookupError if there is none (any more), and SQLAlchemyError."""

    def write(connection: Connection) -> str | None:
        this = (C.kind == kind, C.hash == digest)
        row = connection.execute(select(C.value).where(*this, C.expires_at >= now)).first()
        # Of two processes that have read the row, one deletes it.
        is_ours = row is not None and connection.execute(delete(ONCE).where(*this)).rowcount == 1
        return str(row[0]) if row and is_ours else None

    value = ONCE_TABLE.write(write)
    if value is None:
        raise LookupError(kind)
    return value


def replace(kind: str, digest: str, value: str, expires_at: float) -> None:
    """Store a value in place of a previous one. Raises SQLAlchemyError."""

    def write(connection: Connection) -> None:
        this = (C.kind == kind, C.hash == digest)
        row = {"value": value, "expires_at": expires_at}
        if not connection.execute(update(ONCE).where(*this).values(row)).rowcount:
            _insert(connection, kind, digest, value, expires_at)

    ONCE_TABLE.write(write)


def values_since(kind: str, expires_at: float, max_rows: int) -> list[tuple[str, str]]:
    """Return the newest hashes and values of a kind that expire at `expires_at` or later. Raises SQLAlchemyError."""
    query = select(C.hash, C.value).where(C.kind == kind, C.expires_at >= expires_at)
    newest = query.order_by(C.expires_at.desc()).limit(max_rows)
    rows: list[tuple[str, str]] = ONCE_TABLE.read(
        lambda connection: [(digest, value) for digest, value in connection.execute(newest)], []
    )
    return rows


def delete_expired(now: float) -> None:
    """Delete what has expired. Raises SQLAlchemyError."""
    ONCE_TABLE.write(lambda connection: connection.execute(delete(ONCE).where(C.expires_at < now)))


def _insert(connection: Connection, kind: str, digest: str, value: str, expires_at: float) -> None:
    row = {"kind": kind, "hash": digest, "value": value, "expires_at": expires_at}
    connection.execute(insert(ONCE).values(row))
