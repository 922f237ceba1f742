"""Which errors say something about the database, rather than about what was read from it or written to it."""

from __future__ import annotations


def is_database_error(error: BaseException) -> bool:
    """Whether SQLAlchemy raised an error."""
    from sqlalchemy.exc import SQLAlchemyError

    return isinstance(error, SQLAlchemyError)


def is_passing_error(error: BaseException) -> bool:
    """Whether another attempt may succeed: the database is the cause, not the data or the statement."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    return isinstance(error, (InterfaceError, OperationalError))
