"""What a fault did to the tasks, judged by the ledger's rows and Airflow's states."""

from __future__ import annotations

import pytest

from testing.faults.attempts import (
    DEFERRED,
    DONE,
    FAILED,
    INTERRUPTED,
    RESCHEDULED,
    Attempt,
    PlannedTask,
    TaskId,
)
from testing.faults.judgement import Judgement, fate_of, judge, overlap

TASK, OTHER = TaskId("dag", "task"), TaskId("dag", "task", 1)


def attempt(
    outcome: str | None, number: int = 1, start: float = 0, end: float = 9, task: TaskId = TASK
) -> Attempt:
    return Attempt(task, number, 4711, start, end, outcome)


@pytest.mark.parametrize(
    ("attempts", "state", "retries", "struck", "fate"),
    [
        ([attempt(DONE)], "success", 0, (), "right"),
        ([attempt(DEFERRED), attempt(DONE)], "success", 0, (), "right"),
        ([attempt(RESCHEDULED), attempt(RESCHEDULED), attempt(DONE)], "success", 0, (), "right"),
        ([attempt(None), attempt(DONE, 2)], "success", 2, (), "right"),
        ([attempt(FAILED)], "failed", 0, (), "right"),
        ([attempt(FAILED)], "failed", 2, (), "lost"),
        ([attempt(FAILED, 1), attempt(FAILED, 2)], "failed", 1, (), "right"),
        ([attempt(DONE)], "failed", 0, (), "misreported"),
        ([attempt(DONE)], "failed", 0, (1,), "unreported"),
        ([attempt(DONE, 2)], "failed", 1, (1,), "misreported"),
        ([attempt(FAILED)], "success", 0, (), "misreported"),
        ([], "success", 0, (), "misreported"),
        ([attempt(DEFERRED)], "success", 0, (), "misreported"),
        ([], "failed", 0, (), "lost"),
        ([attempt(DEFERRED)], "failed", 0, (), "lost"),
        ([], "upstream_failed", 2, (1,), "lost"),
        ([attempt(FAILED)], "failed", 1, (), "lost"),
        ([attempt(None)], "failed", 0, (), "lost"),
        ([attempt(INTERRUPTED)], "failed", 0, (), "lost"),
        ([attempt(None)], "failed", 0, (1,), "cut off"),
        ([attempt(INTERRUPTED)], "failed", 0, (1,), "cut off"),
        ([], "failed", 0, (1,), "cut off"),
        ([attempt(None)], "failed", 2, (1,), "lost"),
        ([attempt(None), attempt(FAILED, 2)], "failed", 1, (1,), "cut off"),
        ([attempt(None), attempt(None, 2)], "failed", 1, (1,), "lost"),
        ([attempt(None), attempt(None, 2)], "failed", 1, (1, 2), "cut off"),
        ([attempt(DONE)], "queued", 0, (), "hung"),
        ([], None, 0, (1,), "hung"),
    ],
)
def test_fate_follows_from_ledger_and_state(
    attempts: list[Attempt], state: str | None, retries: int, struck: tuple[int, ...], fate: str
) -> None:
    assert fate_of(PlannedTask(TASK, retries), attempts, {TASK: state}, struck) == fate


def test_task_that_airflow_never_knew_is_lost() -> None:
    assert fate_of(PlannedTask(TASK), [], {}, (1,)) == "lost"


@pytest.mark.parametrize(
    ("state", "fate"), [("failed", "untriggered"), ("success", "lost"), ("running", "lost"), (None, "lost")]
)
def test_task_whose_trigger_failed_is_not_lost(state: str | None, fate: str) -> None:
    assert fate_of(PlannedTask(TASK, trigger=OTHER), [], {OTHER: state}, ()) == fate


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([attempt(None, 1, 0, 9), attempt(DONE, 2, 9, 12)], False),
        ([attempt(None, 1, 0, 9), attempt(DONE, 2, 8, 12)], True),
        ([attempt(DONE, 1, 0, 30), attempt(None, 2, 3, 4), attempt(DONE, 3, 20, 25)], True),
        ([attempt(DONE)], False),
        ([], False),
    ],
    ids=["one after the other", "both at once", "the first goes on", "one", "none"],
)
def test_overlap_is_two_attempts_at_the_same_time(attempts: list[Attempt], expected: bool) -> None:
    assert overlap(attempts) is expected


def test_judgement_lists_the_tasks_of_each_fate() -> None:
    attempts = [attempt(None, 1, 0, 9), attempt(DONE, 2, 8, 12), attempt(None, task=OTHER)]
    plan = [PlannedTask(TASK, 2), PlannedTask(OTHER)]
    judgement = judge(plan, reversed(attempts), {TASK: "success", OTHER: "failed"})
    assert judgement == Judgement(2, (OTHER,), (), (TASK,), (), 0, 0, 1)
    assert not judgement.is_good
    assert judge(plan[1:], attempts[2:], {OTHER: "failed"}, {OTHER: {1}}) == Judgement(
        1, (), (), (), (), 1, 0, 0
    )
