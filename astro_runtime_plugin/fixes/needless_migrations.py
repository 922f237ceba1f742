"""A component compares the database's version with Airflow's own without importing every migration.

Each command that needs a database first asks Alembic for the newest of Airflow's migrations. To find it, Alembic
imports all of them, more than a hundred files; on Airflow 2 one of these imports the web application. But Airflow has a
table of its own that ends with the same version. Where the database has that one, nothing is left to do, as in stock
Airflow. Otherwise, and with an `alembic.ini` of the operator's, which may name migrations elsewhere, Airflow asks
Alembic.

On Airflow 2 a process that parses a DAG file writes the permissions of a DAG that has changed, with a part of the web
application. What forks these processes imports the application, as in stock Airflow.
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
INI = ("database", "alembic_ini_file_path")
DEFAULT_INI = "alembic.ini"
BEFORE_FORKS = ("airflow.www.app", "multiprocessing.connection")  # the second is used without an import of it


def compare_first(check: FunctionType) -> Callable[[], None]:
    """Wrap `check_and_run_migrations`."""

    @wraps(check)
    def check_and_run_migrations() -> None:
        newest = attempt(ID, None, newest_version, check.__globals__)
        if newest is None or read_versions(check.__globals__["settings"]) != [newest]:
            check()

    return check_and_run_migrations


def newest_version(airflow: dict[str, Any]) -> str | None:
    """Return the version that the database must have, or None if only Alembic knows it."""
    if airflow["conf"].get(*INI) != DEFAULT_INI:
        return None
    newest: str = [*airflow["_REVISION_HEADS_MAP"].values()][-1]
    return newest


def read_versions(settings: Any) -> list[str]:
    """Return the versions that the database has, none if it does not say.

    Raises what stock Airflow raises if there is no connection.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    engine = settings.get_engine() if hasattr(settings, "get_engine") else settings.engine
    with engine.connect() as connection:
        try:
            return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
        except SQLAlchemyError:  # the database is empty
            return []


def import_before_forks(start: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap `DagFileProcessorManager.start` of Airflow 2, which runs until the end of its process."""

    @wraps(start)
    def start_with_application(manager: Any) -> Any:
        for module in BEFORE_FORKS:
            attempt(ID, None, import_module, module)
        return start(manager)

    return start_with_application


FIX = Fix(
    id=ID,
    title="A component compares the database's version with Airflow's without importing every migration",
    symptom="Each component, and each command that needs a database, takes 0.1 seconds of processor time more than it"
    " needs, on Airflow 2.11 up to half a second.",
    issue="",
    ends="Airflow compares the database's version with its own table of versions.",
    patches=(
        Patch("airflow.utils.db", "check_and_run_migrations", ("fca46a426e7cf243",), compare_first, ("3.3",)),
        Patch(
            "airflow.utils.db", "check_and_run_migrations", ("53c8c570d5128e60",), compare_first, ("2.11",)
        ),
        Patch(
            "airflow.dag_processing.manager",
            "DagFileProcessorManager.start",
            ("e0b5ca3d8b73f23d",),
            import_before_forks,
            ("2.11",),
        ),
    ),
)
