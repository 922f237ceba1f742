from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.fixes import task_result

ERROR = OperationalError("SELECT 1", {}, Exception("the server closed the connection"))


class Session:
    """The session of a task; `events` is what happened to it."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def rollback(self) -> None:
        self.events.append("rollback")

    def execute(self, _: Any) -> None:
        self.events.append("query")


def run_with_error(error: Exception, *, began: bool) -> tuple[list[Any], Session]:
    """Run a task whose first attempt fails; return the tasks of the attempts and the session."""
    instance, session, attempts = SimpleNamespace(task="original"), Session(), []

    def run(ti: Any, session: Any) -> str:
        attempts.append(ti.task)
        ti.task = "prepared"
        if len(attempts) > 1:
            return "result"
        if began:
            task_result.wait_after(lambda: None)()
        raise error

    try:
        assert task_result.run_again(run)(ti=instance, session=session) == "result"
    except type(error):
        pass
    return attempts, session


def test_outage_before_the_tasks_code_begins_the_run_again() -> None:
    attempts, session = run_with_error(ERROR, began=False)
    assert attempts == ["original", "original"]
    assert session.events == ["rollback", "query"]


@pytest.mark.parametrize(("error", "began"), [(ERROR, True), (ValueError(), False)])
def test_tasks_code_never_runs_twice(error: Exception, began: bool) -> None:
    attempts, _ = run_with_error(error, began=began)
    assert attempts == ["original"]


def test_session_is_forgotten_after_the_run() -> None:
    run_with_error(ERROR, began=False)
    with pytest.raises(OperationalError):  # as in another process of Airflow's
        task_result.repeat(fail_once([]))()


def test_what_is_saved_before_the_tasks_code_is_saved_again() -> None:
    calls: list[str] = []
    save = task_result.repeat(fail_once(calls))
    task_result.run_again(lambda ti, session: save())(ti=SimpleNamespace(task=None), session=Session())
    assert calls == ["save", "save"]


def fail_once(calls: list[str]) -> Any:
    """Return a function that fails when it is called first."""

    def save() -> None:
        calls.append("save")
        if len(calls) == 1:
            raise ERROR

    return save
