"""The supervisor of a task of Airflow 2 starts it once, whatever an outage interrupts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from astro_runtime_plugin.fixes.support import running_task, task_start
from astro_runtime_plugin.fixes.support.running_task import task


def outage() -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception("the server closed the connection"))


class Function:
    """A function that raises an error in its first calls."""

    def __init__(self, *errors: Exception, result: Any = "result") -> None:
        self.errors, self.result = list(errors), result
        self.calls: list[dict[str, Any]] = []

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.calls.append(options)
        if self.errors:
            raise self.errors.pop(0)
        return self.result


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the sessions in which something waited for the database."""
    waits: list[Any] = []
    monkeypatch.setattr(running_task, "PAUSE", 0)
    monkeypatch.setattr(running_task, "time_limit", lambda: 60)
    monkeypatch.setattr(task_start, "wait_for_database", waits.append)
    monkeypatch.setattr(task_start, "wait_with_engine", lambda: waits.append("engine"))
    return waits


def test_command_waits_and_says_that_it_runs(waits: list[Any]) -> None:
    states = [task.command]
    task_start.wait_at_start(lambda: states.append(task.command))()
    assert (states, task.command, waits) == ([False, True], False, ["engine"])


def test_what_only_reads_is_read_again(waits: list[Any]) -> None:
    read = Function(outage(), outage())
    assert task_start.read_again(read)() == "result"
    assert (len(read.calls), waits) == (3, ["engine"] * 2)


def start(function: Function, row: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(task_start, "read_row", lambda ti, *columns: row)
    return task_start.start_again(function)("ti", job_id="7")


@pytest.mark.parametrize("row", [("queued", None, None), ("running", 8, None), ("running", 7, 42)])
def test_start_that_has_failed_is_repeated(row: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    function = Function(outage(), result=False)
    assert start(function, row, monkeypatch) is False
    assert len(function.calls) == 2


def test_start_of_which_only_the_answer_was_lost_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    function = Function(outage(), result=False)
    assert start(function, ("running", 7, None), monkeypatch) is True
    assert len(function.calls) == 1


class FakeSession:
    def __init__(self) -> None:
        self.rollbacks = 0

    def rollback(self) -> None:
        self.rollbacks += 1


def test_job_is_saved_again_under_the_id_that_it_had(waits: list[Any]) -> None:
    job, session = SimpleNamespace(job_type="LocalTaskJob", id=None), FakeSession()
    ids = []

    def save(job: Any, session: Any) -> str:
        ids.append(job.id)
        job.id = 7
        if len(ids) == 1:
            raise outage()
        return "saved"

    assert task_start.save_job_again(save)(job=job, session=session) == "saved"
    assert (ids, session.rollbacks, waits) == ([None, None], 1, [session])


@pytest.mark.parametrize("options", [{"job": SimpleNamespace(job_type="SchedulerJob")}, {"session": None}])
def test_other_jobs_fail_as_they_do_in_stock(options: dict[str, Any]) -> None:
    everything = {"job": SimpleNamespace(job_type="LocalTaskJob"), "session": FakeSession(), **options}
    save = Function(outage())
    with pytest.raises(OperationalError):
        task_start.save_job_again(save)(**everything)
    assert save.calls == [everything]
