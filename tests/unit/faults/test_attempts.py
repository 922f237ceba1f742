"""Which attempt a fault of a single task is for."""

from __future__ import annotations

from testing.faults.attempts import Attempt, TaskId, youngest_at_work


def attempt(name: str, start: float, end: float) -> Attempt:
    return Attempt(TaskId("dag", name), 1, 4711, start, end, None)


def test_youngest_attempt_that_was_seen_at_work_runs_on_for_longest() -> None:
    old, young, looks = attempt("old", 1, 9), attempt("young", 7, 8.5), attempt("looks", 9, 9.000001)
    assert youngest_at_work([old, young, looks], since=0) == young
    assert youngest_at_work([young, old, looks], since=0) == young
    assert youngest_at_work([old, looks], since=2) is None
