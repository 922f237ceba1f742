"""Migrations that start at once wait for each other on PostgreSQL; stock Airflow gives up after two seconds.

Airflow hands PostgreSQL the time to wait for the lock of the migrations, 1800 seconds, as if PostgreSQL counted in
seconds; `lock_timeout` is in milliseconds. Whoever waits longer fails, with an error that only says that a transaction
is aborted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch

ID = "migration-lock"
SECONDS = 1800
MILLISECONDS = 1000  # in a second


def lock_in_milliseconds(lock: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_create_global_lock_postgresql` of Airflow 3."""
    create = lock

    @wraps(create)
    def create_lock(session: Any, lock: Any, lock_timeout: int) -> Any:
        return create(session, lock, lock_timeout * MILLISECONDS)

    return create_lock


def lock_postgresql_in_milliseconds(lock: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `create_global_lock` of Airflow 2, which is for MySQL, too, where the unit is right."""
    create = lock

    @wraps(create)
    def create_lock(session: Any, lock: Any, lock_timeout: int = SECONDS) -> Any:
        is_postgresql = session.get_bind().dialect.name == "postgresql"
        return create(session, lock, lock_timeout * (MILLISECONDS if is_postgresql else 1))

    return create_lock


FIX = Fix(
    id=ID,
    title="Migrations that start at once wait for each other on PostgreSQL",
    symptom="Of several containers that migrate a PostgreSQL at once, some fail with `InFailedSqlTransaction` or"
    " `canceling statement due to lock timeout`, two seconds after their start.",
    issue="",
    ends="Airflow sets PostgreSQL's `lock_timeout` in milliseconds.",
    patches=(
        Patch(
            "airflow.utils.db",
            "_create_global_lock_postgresql",
            ("a8f13eeb7d99fe5a",),
            lock_in_milliseconds,
            ("3.3",),
        ),
        Patch(
            "airflow.utils.db",
            "create_global_lock",
            ("e42ebb6a39f52a34",),
            lock_postgresql_in_milliseconds,
            ("2.11",),
        ),
    ),
)
