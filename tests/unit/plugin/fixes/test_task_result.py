from __future__ import annotations

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.fixes import task_result
from astro_runtime_plugin.fixes.support import running_task, task_outcome


def outage() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception("the server closed the connection"))


RUNNING, SUCCESS = "running", "success"


class Session:
    """The session of a task; `events` is what happened to it."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def in_transaction(self) -> bool:
        return False

    def rollback(self) -> None:
        self.events.append("rollback")

    def execute(self, _: Any) -> None:
        self.events.append("query")


class FakeTask:
    """A task that Airflow runs: each error of `errors` is raised by an attempt to save its state.

    `row` is the state that the database has for it when it is asked.
    """

    def __init__(self, *errors: Exception, row: str = RUNNING, code: BaseException | None = None) -> None:
        self.session, self.errors, self.row, self.code = Session(), list(errors), row, code
        self.events: list[str] = []
        operator = SimpleNamespace(on_success_callback="callback", email="e-mail", outlets=["dataset"])
        self.ti = SimpleNamespace(task=operator, state=RUNNING, try_number=1)
        self.began = True

    def run(self) -> Any:
        return task_result.run_again(self._run_raw_task)(ti=self.ti, session=self.session)

    def _run_raw_task(self, ti: Any, session: Any) -> str:
        ti.state, context = RUNNING, SimpleNamespace(_context={})
        if self.began:
            task_result.wait_after(lambda **_: self._execute())(self=ti, context=context, test_mode=False)
        ti.state = SUCCESS
        if ti.task.on_success_callback:
            self.events.append(ti.task.on_success_callback)
        if self.errors:
            raise self.errors.pop(0)
        self.events.append("saved")
        return "result"

    def _execute(self) -> None:
        running_task.task.began = True  # as `_update_rtif` says
        self.events.append("code")
        if self.code:
            raise self.code


@pytest.fixture(autouse=True)
def airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_result, "PAUSE", 0)
    monkeypatch.setattr(task_result, "time_limit", lambda: 60)
    monkeypatch.setattr(running_task, "PAUSE", 0)
    monkeypatch.setattr(running_task, "time_limit", lambda: 60)
    monkeypatch.setattr(task_outcome, "has_dataset_events", lambda ti: True)
    monkeypatch.setattr(task_outcome, "delete_failures", lambda ti: None)


def run(task: FakeTask, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(task_outcome, "read_row", lambda ti, *columns: (task.row, os.getpid(), 1))
    return task.run()


def test_outage_before_the_tasks_code_begins_the_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    task = FakeTask(outage())
    task.began = False
    operator = task.ti.task
    assert run(task, monkeypatch) == "result"
    assert task.ti.task is operator
    assert task.session.events == ["rollback", "query", "rollback"]


def test_outage_while_the_result_is_saved_saves_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    task = FakeTask(outage(), outage())
    assert run(task, monkeypatch) == "result"
    assert task.events == ["code", "callback", "saved"]
    assert task.ti.task.outlets == []


def test_result_of_which_only_the_answer_was_lost_is_not_saved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    task = FakeTask(outage(), row=SUCCESS)
    assert run(task, monkeypatch) is None
    assert task.events == ["code", "callback"]


def test_task_that_someone_else_has_ended_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    task = FakeTask(outage(), row="failed")
    with pytest.raises(OperationalError):
        run(task, monkeypatch)
    assert task.events == ["code", "callback"]


@pytest.mark.parametrize("error", [ValueError(), outage()])
def test_error_of_the_tasks_code_is_its_result(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    task = FakeTask(code=error)
    with pytest.raises(type(error)):
        run(task, monkeypatch)
    assert task.events == ["code"]


def test_error_that_no_outage_explains_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    task = FakeTask(ValueError("no outage"))
    with pytest.raises(ValueError, match="no outage"):
        run(task, monkeypatch)
    assert task.events == ["code", "callback"]


def test_session_is_forgotten_after_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run(FakeTask(outage()), monkeypatch)
    assert (running_task.task.session, running_task.task.outcome) == (None, None)
