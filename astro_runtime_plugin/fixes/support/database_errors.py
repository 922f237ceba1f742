"""Which errors say something about the database, rather than about what was read from it or written to it."""

from __future__ import annotations

READ_ONLY = "25006"  # PostgreSQL's error code of a standby that is not promoted yet


def is_database_error(error: BaseException) -> bool:
    """Whether SQLAlchemy raised an error."""
    from sqlalchemy.exc import SQLAlchemyError

    return isinstance(error, SQLAlchemyError)


def is_passing_error(error: BaseException) -> bool:
    """Whether another attempt may succeed: the database is the cause, not the data or the statement."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    return isinstance(error, (InterfaceError, OperationalError))


def is_database_outage(error: BaseException) -> bool:
    """Whether an error of the loop means that the database was away or takes no writes."""
    from sqlalchemy import exc

    if isinstance(
        error, (exc.OperationalError, exc.InterfaceError, exc.PendingRollbackError, exc.TimeoutError)
    ):
        return True
    return isinstance(error, exc.DBAPIError) and (error.connection_invalidated or is_read_only(error))


def is_read_only(error: BaseException) -> bool:
    """Whether the database answers, but takes no writes: a standby that is not promoted yet."""
    original = getattr(error, "orig", None)
    return READ_ONLY in {getattr(original, name, None) for name in ("pgcode", "sqlstate")}
