"""A task's code runs once, whatever an outage interrupts before and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from astro_runtime_plugin.fixes.support import running_task, task_code
from astro_runtime_plugin.fixes.support.running_task import task


def outage() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception("the server closed the connection"))


class Steps:
    """Things that a task does; each of them fails as often as `errors` has errors for it."""

    def __init__(self, **errors: Any) -> None:
        self.errors, self.done = errors, list[str]()

    def step(self, name: str) -> str:
        self.done.append(name)
        if self.errors.get(name):
            raise self.errors[name].pop(0)
        return name

    def caller(self, name: str) -> Callable[..., str]:
        return lambda *args, **options: self.step(name)


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(running_task, "PAUSE", 0)
    monkeypatch.setattr(running_task, "time_limit", lambda: 60)
    monkeypatch.setattr(running_task, "wait_for_database", lambda session: None)
    task.start("session")
    yield
    task.start(None)


def execute_task(steps: Steps) -> Any:
    """Run code and save its result as Airflow does; the operator has a runner of its own."""
    inner = task_code.keep_result(steps.caller("code"))

    def operate() -> str:
        inner()
        return steps.step("operator")

    run = task_code.keep_result(operate)

    def execute() -> str:
        value: str = run()
        steps.step("save")
        return value

    return task_code.save_result_again(execute)()


def test_result_is_saved_again_without_the_code() -> None:
    steps = Steps(save=[outage(), outage()])
    assert execute_task(steps) == "operator"
    assert steps.done == ["code", "operator", "save", "save", "save"]


@pytest.mark.parametrize("name", ["code", "operator"])
def test_code_that_an_outage_fails_is_not_repeated(name: str) -> None:
    steps = Steps(**{name: [outage()]})
    with pytest.raises(OperationalError):
        execute_task(steps)
    assert steps.done[-1] == name
    assert steps.done.count("code") == 1


def test_other_error_fails_the_saving() -> None:
    steps = Steps(save=[ValueError("no outage")])
    with pytest.raises(ValueError, match="no outage"):
        execute_task(steps)
    assert steps.done.count("save") == 1


def test_hooks_of_the_operator_run_each_time() -> None:
    execute_task(Steps())
    steps = Steps()
    hook = task_code.keep_result(steps.caller("hook"))
    assert [hook(), hook()] == ["hook", "hook"]
    assert steps.done == ["hook", "hook"]


def prepare(steps: Steps, operator: Any) -> tuple[Any, dict[str, Any]]:
    """Render an operator, save its fields, and run its code; return the task instance and the context."""
    ti, context = SimpleNamespace(task=operator), {"task": operator}
    save = task_code.begin_after(steps.caller("save"))

    def execute() -> None:
        ti.task.field += " rendered"
        context["task"] = "unmapped"
        steps.step("read")
        save()
        steps.step("code")

    task_code.prepare_again(execute, ti, context)
    return ti, context


def test_outage_before_the_code_renders_the_original_again() -> None:
    steps = Steps(read=[outage(), outage()], save=[outage()])
    ti, _ = prepare(steps, SimpleNamespace(field="template"))
    assert ti.task.field == "template rendered"
    assert steps.done == ["read", "read", "read", "save", "save", "code"]


def test_repeat_begins_with_the_original_in_the_context() -> None:
    steps = Steps(read=[outage()])
    tasks = []
    operator = SimpleNamespace(field="template")
    ti, context = SimpleNamespace(task=operator), dict[str, Any](task=operator)

    def execute() -> None:
        tasks.append((ti.task, context["task"]))
        context["task"] = ti.task = SimpleNamespace(field="unmapped")
        steps.step("read")

    task_code.prepare_again(execute, ti, context)
    assert tasks == [(operator, operator)] * 2


def test_outage_in_the_code_is_its_result() -> None:
    steps = Steps(code=[outage()])
    with pytest.raises(OperationalError):
        prepare(steps, SimpleNamespace(field="template"))
    assert steps.done == ["read", "save", "code"]


class Session:
    def __init__(self, busy: bool) -> None:
        self.busy, self.rollbacks = busy, 0

    def in_transaction(self) -> bool:
        return self.busy

    def rollback(self) -> None:
        self.rollbacks += 1


def test_xcom_is_pushed_again_in_a_session_that_holds_nothing() -> None:
    steps, session = Steps(push=[outage()]), Session(busy=False)
    assert task_code.repeat_in_session(steps.caller("push"))("ti", session=session) == "push"
    assert (steps.done, session.rollbacks) == (["push", "push"], 1)


def test_session_that_holds_something_is_left_alone() -> None:
    steps, session = Steps(push=[outage()]), Session(busy=True)
    with pytest.raises(OperationalError):
        task_code.repeat_in_session(steps.caller("push"))("ti", session=session)
    assert (steps.done, session.rollbacks) == (["push"], 0)


def test_nothing_is_repeated_outside_a_task() -> None:
    task.start(None)
    steps = Steps(read=[outage()])
    with pytest.raises(OperationalError):
        task_code.repeat(steps.caller("read"))()
    assert steps.done == ["read"]


def test_repeats_end_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_task, "time_limit", lambda: -1)
    steps = Steps(read=[outage()])
    with pytest.raises(OperationalError):
        task_code.repeat(steps.caller("read"))()
    assert steps.done == ["read"]


def test_what_fails_though_the_database_answers_fails() -> None:
    steps = Steps(read=[outage() for _ in range(100)])
    with pytest.raises(OperationalError):
        task_code.repeat(steps.caller("read"))()
    assert len(steps.done) == 1 + running_task.REPEATS


def test_standby_is_given_the_time_that_it_takes() -> None:
    cause = Exception("cannot execute INSERT in a read-only transaction")
    cause.pgcode = "25006"  # type: ignore[attr-defined]
    error = DBAPIError("INSERT", {}, cause)
    steps = Steps(read=[error] * 100)
    task_code.repeat(steps.caller("read"))()
    assert len(steps.done) == 101
