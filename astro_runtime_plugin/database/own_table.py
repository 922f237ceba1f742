"""A table of the Runtime's own that comes into being with its first row, as the one of `database.state` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Table, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from astro_runtime_plugin.database.state import ATTEMPTS, NoTableError
from astro_runtime_plugin.database.transaction import in_transaction

T = TypeVar("T")


class OwnTable:
    """Transactions on one table. Its rows are this Runtime's alone, so errors of the database are raised."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._is_there = False

    def read(self, work: Callable[[Connection], T], if_absent: T) -> T:
        """Run `work` in a transaction; return `if_absent` if the table does not exist yet. Raises SQLAlchemyError."""
        return in_transaction(lambda connection: work(connection) if self._exists(connection) else if_absent)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction, again if the table did not exist or another process was faster.

        Raises SQLAlchemyError; NoTableError if the table cannot be created.
        """
        if not self._is_there:
            self._create()
        for _ in range(ATTEMPTS - 1):
            try:
                return in_transaction(work)
            except DBAPIError:
                self._create()
        return in_transaction(work)

    def _create(self) -> None:
        try:
            in_transaction(lambda connection: self.table.create(connection, checkfirst=True))
        except DBAPIError as error:
            if not in_transaction(self._exists):  # another process may have created it at the same time
                message = f"the table {self.table.name} cannot be created; the database's user needs the right to do it"
                raise NoTableError(message) from error
        self._is_there = True

    def _exists(self, connection: Connection) -> bool:
        if not self._is_there:
            self._is_there = inspect(connection).has_table(self.table.name, self.table.schema)
        return self._is_there
