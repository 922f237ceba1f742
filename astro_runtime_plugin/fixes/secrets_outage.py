"""A variable or connection that cannot be read because the database is away does not count as missing.

Airflow asks one secrets backend after the other, and goes on to the next if one raises an error. If the database is the
last one and is away, nothing is found: a task gets the default instead of the variable's value, or fails because the
connection is not defined. With this fix it gets the database's error. On Airflow 3 the execution API answers 500 then,
and the task's request is repeated; on Airflow 2 a task, or its supervisor while it loads the DAG file, reads again once
the database answers. On Airflow 3 the DAG processor and the triggerer answer the requests of DAG files and triggers
themselves, and retry for about 15 seconds; without a database they would exit in their next loop anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

METASTORE, VARIABLE, CONNECTION = (
    "airflow.secrets.metastore",
    "airflow.models.variable",
    "airflow.models.connection",
)
ID = "secrets-outage"
# The errors of the database during one search of all backends.
_outages: ContextVar[list[Exception] | None] = ContextVar("astro_runtime_secrets_outages", default=None)


def record_outage(read: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method of `MetastoreBackend`, whose error the search of all backends drops."""

    @wraps(read)
    def read_and_record(*args: Any, **options: Any) -> Any:
        try:
            return read(*args, **options)
        except Exception as error:
            outages = _outages.get()
            if outages is not None and attempt(ID, False, _is_outage, error):
                outages.append(error)
            raise

    return read_and_record


def report_outage(find: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the search of all backends, which returns None or raises AirflowNotFoundException if none has a value."""

    @wraps(find)
    def find_or_report(*args: Any, **options: Any) -> Any:
        result, outage = _find(find, *args, **options)
        if outage and attempt(ID, False, _outlast_in_task):
            result, outage = _find(find, *args, **options)
        if outage:
            raise outage
        return result

    return find_or_report


def _find(find: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, Exception | None]:
    """Return the value, and the error of the database if it may have hidden one."""
    with _recorded_outages() as outages:
        try:
            result = find(*args, **options)
        except Exception as error:
            if not outages or type(error).__name__ != "AirflowNotFoundException":
                raise
            return None, outages[-1]
    if result is not None or not outages:
        return result, None
    attempt(ID, None, _forget, *args[:1], **options)
    return None, outages[-1]


def _forget(key: str, **options: Any) -> None:
    """Undo that the search caches that there is no such variable."""
    from astro_runtime_plugin.airflow_compat import forget_cached_variable

    forget_cached_variable(key, **options)


def _outlast_in_task() -> bool:
    """Wait for the database in the process of a task, or of its supervisor, which reads the DAG file."""
    from astro_runtime_plugin.fixes.support.running_task import task, wait_with_engine

    if task.session is None and not task.command:
        return False
    wait_with_engine()
    return True


@contextmanager
def _recorded_outages() -> Iterator[list[Exception]]:
    outages: list[Exception] = []
    token = _outages.set(outages)
    try:
        yield outages
    finally:
        _outages.reset(token)


def _is_outage(error: Exception) -> bool:
    """Whether the database is away. One of SQLite is not, if it has not been migrated yet."""
    from astro_runtime_plugin.fixes.support.database_errors import is_database_outage

    return is_database_outage(error) and "no such table" not in str(getattr(error, "orig", ""))


FIX = Fix(
    id=ID,
    title="A variable or connection is not reported missing while the database is away",
    symptom=(
        "During an outage of the database, tasks that read a variable work with its default, or fail with `Variable x"
        " does not exist` or `The conn_id x isn't defined`, though both are there."
    ),
    issue="",
    ends="Airflow tells a secrets backend that fails from one that has no value.",
    patches=(
        Patch(
            METASTORE,
            "MetastoreBackend.get_variable",
            ("0079910757beb2c9", "2bfc1b95d0c0a48a"),
            record_outage,
        ),
        Patch(
            METASTORE,
            "MetastoreBackend.get_connection",
            ("13346acb4f423b8e", "ad5bbf79606bb207"),
            record_outage,
        ),
        Patch(
            VARIABLE,
            "Variable.get_variable_from_secrets",
            ("ba69ef4597f9c3d2", "67a96422791d082f"),
            report_outage,
        ),
        Patch(
            CONNECTION,
            "Connection.get_connection_from_secrets",
            ("248817866567da04", "8d58075dcc2c994f"),
            report_outage,
        ),
    ),
)
