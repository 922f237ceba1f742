"""A component compares the database's version with Airflow's own without importing every migration.

Each command that needs a database first asks Alembic for the newest of Airflow's migrations. To find it, Alembic
imports all of them, more than a hundred files; on Airflow 2 one of these imports the web application. But for a
release that this fix was proven with, the newest one is known. Where the database has that version, nothing is left to
do, as in stock Airflow. Alembic is asked otherwise, and with an `alembic.ini` of the operator's, which may name
migrations elsewhere.

On Airflow 2, notes of tasks refer to the table of users, which only FAB's auth manager defines: with another one, it is
the web application that does, and Alembic is asked as well. And a process that parses a DAG file writes the permissions
of a DAG that has changed, with a part of the application: what forks these processes imports that part.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from types import FunctionType
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "needless-migrations"
NEWEST = {"3.3.2": "d2f4e1b3c5a7", "2.11.2": "5f2621c13b39"}  # the database's version by that of Airflow
INI = ("database", "alembic_ini_file_path")
DEFAULT_INI = "alembic.ini"
VERSIONS, USERS = "alembic_version", "ab_user"
PERMISSIONS = "airflow.www.security_appless"


def compare_first(check: FunctionType) -> Callable[[], None]:
    """Wrap `check_and_run_migrations`."""

    @wraps(check)
    def check_and_run_migrations() -> None:
        newest = attempt(ID, None, newest_version, check.__globals__["conf"])
        if newest is None or read_versions(check.__globals__["settings"]) != [newest]:
            check()

    return check_and_run_migrations


def newest_version(conf: Any) -> str | None:
    """Return the version that the database must have, or None if Alembic must be asked."""
    from airflow import __version__
    from airflow.models.base import Base

    if conf.get(*INI) != DEFAULT_INI or (__version__.startswith("2.") and USERS not in Base.metadata.tables):
        return None
    return NEWEST.get(__version__)


def read_versions(settings: Any) -> list[str]:
    """Return the versions that the database has, none if it is empty; raise what stock Airflow raises."""
    from sqlalchemy import inspect, text

    engine = settings.get_engine() if hasattr(settings, "get_engine") else settings.engine
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSIONS):  # PostgreSQL would log an error of the query
            return []
        return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def import_before_forks(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap `DagFileProcessorManager._run_parsing_loop` of Airflow 2."""

    @wraps(parse)
    def parse_with_permissions(manager: Any) -> Any:
        attempt(ID, None, import_module, PERMISSIONS)
        return parse(manager)

    return parse_with_permissions


FIX = Fix(
    id=ID,
    title="A component compares the database's version with Airflow's without importing every migration",
    symptom="Each command that needs a database, and so each component but a Celery worker of Airflow 3, takes 0.1"
    " seconds of processor time more than it needs, on Airflow 2.11 up to half a second.",
    issue="",
    ends="Airflow knows its newest migration without Alembic.",
    patches=(
        Patch("airflow.utils.db", "check_and_run_migrations", ("fca46a426e7cf243",), compare_first, ("3.3",)),
        Patch(
            "airflow.utils.db", "check_and_run_migrations", ("53c8c570d5128e60",), compare_first, ("2.11",)
        ),
        Patch(
            "airflow.dag_processing.manager",
            "DagFileProcessorManager._run_parsing_loop",
            ("898629dcd48176f8",),
            import_before_forks,
            ("2.11",),
        ),
    ),
)
