"""Takes the lock of the migrations while another session has it, for longer than stock Airflow waits."""

from __future__ import annotations

import os
import threading

from airflow import settings
from airflow.utils.db import DBLocks, create_global_lock
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from testing.proof import SELECTION, STOCK, report
from testing.waiting import wait_until

IS_STOCK = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]
# Seconds that the other waits. Stock gives up after two, if its session is not held up.
HOLD_SECONDS = 300 if IS_STOCK else 3
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

is_held, is_over = threading.Event(), threading.Event()


def hold() -> None:
    """Have the lock for a while, as a migration does."""
    with settings.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": DBLocks.MIGRATIONS.value})
        is_held.set()
        wait_until(lambda: is_over.is_set() or connection.execute(WAITING).scalar())
        is_over.wait(HOLD_SECONDS)
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
is_over.set()
holder.join()
report(outcome)
