"""Takes the lock of the migrations while another session has it, for a second longer than stock Airflow waits."""

from __future__ import annotations

import threading
import time

from airflow import settings
from airflow.utils.db import DBLocks, create_global_lock
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from testing.proof import report

HOLD_SECONDS = 3.0

is_held = threading.Event()


def hold() -> None:
    """Have the lock for a while, as a migration does."""
    with settings.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": DBLocks.MIGRATIONS.value})
        is_held.set()
        time.sleep(HOLD_SECONDS)
        connection.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": DBLocks.MIGRATIONS.value})


holder = threading.Thread(target=hold)
holder.start()
is_held.wait()
outcome = "locked"
try:
    with Session(settings.engine) as session, create_global_lock(session=session, lock=DBLocks.MIGRATIONS):
        pass
except DBAPIError as error:
    outcome = type(error.orig).__name__
holder.join()
report(outcome)
