"""Which tasks a round of the scheduler still has when an executor postpones its part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from astro_runtime_plugin.fixes.support.postponement import (
    PostponedError,
    postpone_adoption,
    postpone_revocation,
    remember_round,
    skip_postponed,
)

ERROR = ConnectionError()


class Scheduler:
    """Groups tasks, the first letters of which are their executors, and does `work` with them."""

    def __init__(self, tasks: Any, work: Callable[[str, list[str]], Any]) -> None:
        self.tasks, self._work = tasks, work
        self.done: list[str] = []
        self.failed: list[str] = []

    @remember_round
    def group(self, tasks: Any) -> dict[str, list[str]]:
        return {executor: [task for task in tasks if task[0] == executor] for executor in "abc"}

    @skip_postponed
    def adopt(self) -> int:
        for executor, mine in self.group(self.tasks).items():
            self._work(executor, mine)
        self.done = [*self.tasks]
        return 1

    @skip_postponed
    def requeue(self) -> None:
        for executor, mine in self.group(self.tasks).items():
            try:
                for task in mine:
                    self._work(executor, mine)
                    self.done.append(task)
            except NotImplementedError:
                self.failed += mine  # as Airflow 2


def adopt_all_but_b(executor: str, mine: list[str]) -> Any:
    return postpone_adoption(executor, ERROR) if executor == "b" else mine


def revoke_all_but_b(executor: str, _: list[str]) -> None:
    if executor == "b":
        postpone_revocation(executor, ERROR)


def test_other_executors_adopt_their_tasks() -> None:
    scheduler = Scheduler(["a1", "b1", "b2", "c1"], adopt_all_but_b)
    assert scheduler.adopt() == 1
    assert scheduler.done == ["a1", "c1"]


def test_round_ends_if_its_tasks_cannot_be_taken_out() -> None:
    scheduler = Scheduler(("a1", "b1", "c1"), adopt_all_but_b)
    assert scheduler.adopt() == 0
    assert scheduler.done == []


def test_tasks_of_other_executors_are_requeued_and_none_fails() -> None:
    scheduler = Scheduler(("a1", "b1", "b2", "c1"), revoke_all_but_b)
    scheduler.requeue()
    assert (scheduler.done, scheduler.failed) == (["a1", "c1"], [])


@pytest.mark.parametrize("postpone", [postpone_adoption, postpone_revocation])
def test_error_is_raised_as_stock_outside_of_a_round(postpone: Callable[[Any, Exception], Any]) -> None:
    scheduler = Scheduler(["a1"], adopt_all_but_b)
    scheduler.adopt()
    scheduler.group(["a1"])
    with pytest.raises(ConnectionError):
        postpone("a", ERROR)
    assert not isinstance(ERROR, PostponedError)
