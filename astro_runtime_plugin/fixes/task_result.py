"""Airflow 2: a task that starts or ends during an outage of the database waits until it is over.

The task's process saves its result in the database, and fails if it cannot: the work is lost, and the task counts as
running until it is failed for missing heartbeats. A task that starts during the outage fails, too. With this fix both
wait until the database answers, for as long as the task's supervisor does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_passing_error
from astro_runtime_plugin.fixes.support.running_task import task, wait_for_database, wait_with_engine

MODULE, COMMAND = "airflow.models.taskinstance", "airflow.cli.commands.task_command"
ID = "task-result"
KILLED = ("AirflowTaskTerminated", "KeyboardInterrupt")


def run_again(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_run_raw_task`, which runs a task in its own process, and repeat it if the task's code has not begun."""

    @wraps(run)
    def run_and_repeat(ti: Any, *args: Any, **options: Any) -> Any:  # Airflow passes it by this name
        session, operator = options.get("session"), ti.task
        task.session, task.began = session, False
        try:
            return run(ti, *args, **options)
        except Exception as error:
            if session is None or task.began or not is_passing_error(error):
                raise
            session.rollback()
            _wait_guarded()
            ti.task = operator
            return run(ti, *args, **options)
        finally:
            task.session = None

    return run_and_repeat


def repeat(call: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what saves something before the task's code begins, in a session of its own; doing it twice is harmless."""

    @wraps(call)
    def call_again(*args: Any, **options: Any) -> Any:
        try:
            return call(*args, **options)
        except Exception as error:
            if task.session is None or not is_passing_error(error):
                raise
        _wait_guarded()
        return call(*args, **options)

    return call_again


def wait_after(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_execute_task_with_callbacks`, after which the task's state is saved; a killed task does not wait."""

    @wraps(execute)
    def execute_and_wait(*args: Any, **options: Any) -> Any:
        task.began = True
        try:
            result = execute(*args, **options)
        except BaseException as error:
            if type(error).__name__ not in KILLED:
                _wait_guarded()
            raise
        _wait_guarded()
        return result

    return execute_and_wait


def wait_before(save: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_record_task_map_for_downstreams`, which runs right after the task's own code."""

    @wraps(save)
    def wait_and_save(*args: Any, **options: Any) -> Any:
        _wait_guarded()
        return save(*args, **options)

    return wait_and_save


def push_again(push: Callable[..., None]) -> Callable[..., None]:
    """Wrap `xcom_push`, which may be given another session."""

    @wraps(push)
    def push_or_wait(instance: Any, *args: Any, **options: Any) -> None:
        session = options.get("session")
        clean = (
            session is None or not session.in_transaction()
        )  # otherwise a rollback would lose what it holds
        try:
            return push(instance, *args, **options)
        except Exception as error:
            if task.session is None or not clean or not is_passing_error(error):
                raise
            if session is not None:
                session.rollback()
            _wait_guarded()
        return push(instance, *args, **options)

    return push_or_wait


def wait_at_start(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `airflow tasks run`, for the supervisor as for the task's own process (`--raw`), which may start late."""

    @wraps(run)
    def wait_and_run(*args: Any, **options: Any) -> Any:
        attempt(ID, None, wait_with_engine)
        return run(*args, **options)

    return wait_and_run


def read_again(read: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_get_ti`, with which `airflow tasks run` reads the task instance, in a session of its own."""

    @wraps(read)
    def read_or_wait(*args: Any, **options: Any) -> Any:
        try:
            return read(*args, **options)
        except Exception as error:
            if options.get("session") is not None or not is_passing_error(error):
                raise
        attempt(ID, None, wait_with_engine)
        return read(*args, **options)

    return read_or_wait


def _wait_guarded() -> None:
    if task.session is not None:
        attempt(ID, None, wait_for_database, task.session)


FIX = Fix(
    id=ID,
    title="A task that starts or ends during an outage of the database waits until it is over",
    symptom="Tasks that end during an outage of the database stay in running and fail later, even if they succeeded.",
    issue="",
    ends="Airflow 2.11 is no longer supported.",
    patches=(
        Patch(MODULE, "_run_raw_task", ("0d7caa4c7ede9a25",), run_again, ("2.11",)),
        Patch(MODULE, "TaskInstance.clear_xcom_data", ("847acfc6a26e3438",), repeat, ("2.11",)),
        Patch(MODULE, "_update_rtif", ("3b5067a4d16c5713",), repeat, ("2.11",)),
        Patch(
            MODULE, "TaskInstance._execute_task_with_callbacks", ("46bd419352f92b91",), wait_after, ("2.11",)
        ),
        Patch(MODULE, "TaskInstance.xcom_push", ("3d2665870d645e40",), push_again, ("2.11",)),
        Patch(MODULE, "_record_task_map_for_downstreams", ("7b282bef2d4f1f71",), wait_before, ("2.11",)),
        Patch(COMMAND, "task_run", ("9f825b107a9e1d10",), wait_at_start, ("2.11",)),
        Patch(COMMAND, "_get_ti", ("0d28d6b0976d6be3",), read_again, ("2.11",)),
    ),
)
