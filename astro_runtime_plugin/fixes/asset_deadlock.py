"""If the database aborts the saving of a task's success, as after a deadlock, the worker reports it again.

When the endpoint fails to save a success, it fails the task, even if the error only says that the database could not
save it this time. With this fix the endpoint answers such an error with HTTP 500, and workers try again. The error is
raised again by the last function that the endpoint calls before it fails the task; by then its transaction has been
rolled back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_passing_error

ROUTES = "airflow.api_fastapi.execution_api.routes.task_instances"
ID = "asset-deadlock"
KEY = "astro_runtime_aborted"  # names the recorded error in `info` of the request's database session


def check_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function itself: a patch with it only checks that the function is the proven one."""
    return function


def record_aborted(save: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_create_ti_state_update_query_and_update_state`: record an error that another attempt may not meet."""

    @wraps(save)
    def save_or_record(*args: Any, **options: Any) -> Any:
        try:
            return save(*args, **options)
        except Exception as error:
            attempt(ID, None, record, error, options.get("session"))
            raise

    return save_or_record


def record(error: Exception, session: Any) -> None:
    """Keep an error in the session if the database is the cause, rather than the data or the statement."""
    if is_passing_error(error):
        session.info[KEY] = error


def raise_aborted(fail_others: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_handle_fail_fast_for_dag`, which precedes the failure: raise the recorded error in its place."""

    @wraps(fail_others)
    def raise_or_fail_others(*args: Any, **options: Any) -> None:
        error = attempt(ID, None, pop_recorded, options.get("session"))
        if error is not None:
            raise error
        fail_others(*args, **options)

    return raise_or_fail_others


def pop_recorded(session: Any) -> Exception | None:
    """Return the recorded error of a session, or None, and forget it."""
    error: Exception | None = session.info.pop(KEY, None)
    return error


FIX = Fix(
    id=ID,
    title="A deadlock in the database while a task's assets are updated does not fail the task",
    symptom="A task that has succeeded is marked as failed, without a retry; the API server logs a deadlock.",
    issue="",
    ends="Airflow's endpoint answers with a 5xx if saving a task's state raises an OperationalError.",
    patches=(
        Patch(ROUTES, "ti_update_state", ("8383c84994762e30",), check_only, ("3.3",)),
        Patch(
            ROUTES,
            "_create_ti_state_update_query_and_update_state",
            ("825a18d3c750f85d",),
            record_aborted,
            ("3.3",),
        ),
        Patch(ROUTES, "_handle_fail_fast_for_dag", ("9c2f584442672b3d",), raise_aborted, ("3.3",)),
    ),
)
