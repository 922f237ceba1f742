"""Airflow 2: what surrounds a task's code, and what it does with the database, is repeated after an outage.

The code itself never is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.database_errors import is_database_outage
from astro_runtime_plugin.fixes.support.running_task import ID, outlast, task, wait_in_task


class CodeResult:
    """What the task's code has returned, while Airflow saves that."""

    def __init__(self) -> None:
        self.begin(None)

    def begin(self, depth: int | None) -> None:
        """Begin with a depth of nested `ExecutionCallableRunner.run`: 0, or None outside `_execute_task`."""
        self.depth = depth
        self.value: tuple[Any] | None = None


result = CodeResult()


def repeat(call: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what reads or saves something in a session of its own; doing it twice is harmless."""

    @wraps(call)
    def call_again(*args: Any, **options: Any) -> Any:
        return outlast(partial(call, *args, **options), wait_in_task, _is_outage_of_task)

    return call_again


def repeat_in_session(call: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `xcom_push` and `xcom_pull`, which may be given a session; a rollback would lose what it holds."""

    @wraps(call)
    def call_or_wait(ti: Any, *args: Any, **options: Any) -> Any:
        session = options.get("session")
        if session is not None and session.in_transaction():
            return call(ti, *args, **options)

        def recover() -> None:
            if session is not None:
                session.rollback()
            wait_in_task()

        return outlast(partial(call, ti, *args, **options), recover, _is_outage_of_task)

    return call_or_wait


def begin_after(save: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_update_rtif`, which saves the rendered fields right before the operator's hooks and code."""
    save_again = repeat(save)

    @wraps(save)
    def save_and_begin(*args: Any, **options: Any) -> Any:
        save_again(*args, **options)
        task.began = True

    return save_and_begin


def prepare_again(execute: Callable[[], Any], ti: Any, context: Any) -> Any:
    """Execute the task; begin again if an outage fails what comes before its code, such as the rendering of its fields.

    Rendering changes the operator, or puts one in its place; so each repeat begins with a copy.
    """
    original = attempt(ID, None, copy.copy, ti.task)

    def recover() -> None:
        ti.task = context["task"] = copy.copy(original)
        wait_in_task()

    def may_repeat(error: Exception) -> bool:
        return not task.began and original is not None and _is_outage_of_task(error)

    return outlast(execute, recover, may_repeat)


def save_result_again(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_execute_task`, which runs the task's code and saves its result, by default as an XCom."""

    @wraps(execute)
    def execute_once(*args: Any, **options: Any) -> Any:
        task.began = True
        result.begin(0)
        try:
            return execute(*args, **options)
        except Exception as error:
            if not _may_save_again(error):
                raise
            return outlast(partial(execute, *args, **options), wait_in_task, _may_save_again)
        finally:
            result.begin(None)

    return execute_once


def keep_result(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `ExecutionCallableRunner.run`, which runs the task's code: it is not run again if it has returned."""

    @wraps(run)
    def run_once(*args: Any, **options: Any) -> Any:
        if result.depth is None:
            return run(*args, **options)
        if result.value:
            return result.value[0]
        result.depth += 1
        try:
            value = run(*args, **options)
        finally:
            result.depth -= 1
        if not result.depth:  # an operator may use a runner of its own within
            result.value = (value,)
        return value

    return run_once


def _is_outage_of_task(error: Exception) -> bool:
    return task.session is not None and is_database_outage(error)


def _may_save_again(error: Exception) -> bool:
    return result.value is not None and _is_outage_of_task(error)
