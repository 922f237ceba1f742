"""Which attempt a fault of a single task is for, and how the tasks of several rounds are told apart."""

from __future__ import annotations

from testing.faults.attempts import Attempt, PlannedTask, TaskId, in_round, round_of, youngest_at_work


def attempt(name: str, start: float, end: float) -> Attempt:
    return Attempt(TaskId("dag", name), 1, 4711, start, end, None)


def test_youngest_attempt_that_was_seen_at_work_runs_on_for_longest() -> None:
    old, young, looks = attempt("old", 1, 9), attempt("young", 7, 8.5), attempt("looks", 9, 9.000001)
    assert youngest_at_work([old, young, looks], since=0) == young
    assert youngest_at_work([young, old, looks], since=0) == young
    assert youngest_at_work([old, looks], since=2) is None


def test_each_round_has_tasks_of_its_own() -> None:
    planned = PlannedTask(TaskId("dag", "task", 3), 2)
    assert in_round(planned, "round-1") == PlannedTask(TaskId("dag", "task", 3, "round-1"), 2)
    assert str(in_round(planned, "round-1").task) == "dag.task[3] of round-1"


def test_run_that_an_asset_triggers_is_the_only_one_of_its_dag() -> None:
    consumer = PlannedTask(TaskId("consumer", "task"), 2, trigger=TaskId("producers", "task"))
    placed = in_round(consumer, "round-1")
    assert (placed.task, placed.trigger) == (consumer.task, TaskId("producers", "task", -1, "round-1"))
    assert (round_of("round-1"), round_of("asset_triggered__2026")) == ("round-1", "")
