from __future__ import annotations

import pytest
from sqlalchemy import exc

from astro_runtime_plugin.fixes.support.database_errors import is_database_outage


class RefusalError(Exception):
    """A driver's error."""

    def __init__(self, pgcode: str = "") -> None:
        self.pgcode = pgcode


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (exc.OperationalError("SELECT 1", {}, RefusalError()), True),
        (exc.InterfaceError("SELECT 1", {}, RefusalError()), True),
        (exc.PendingRollbackError(), True),
        (exc.TimeoutError(), True),
        (exc.InternalError("UPDATE job", {}, RefusalError("25006")), True),
        (exc.DatabaseError("SELECT 1", {}, RefusalError(), connection_invalidated=True), True),
        (exc.InternalError("UPDATE job", {}, RefusalError()), False),
        (exc.IntegrityError("INSERT", {}, RefusalError()), False),
        (ValueError(), False),
    ],
)
def test_outage_is_an_error_of_the_connection(error: Exception, outage: bool) -> None:
    assert is_database_outage(error) is outage
