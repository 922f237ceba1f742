"""How long waiting tasks stood still: a task that waits while others move is noticed."""

from __future__ import annotations

import pytest

from testing.faults.attempts import DONE, Attempt, PlannedTask, TaskId
from testing.faults.standstill import (
    UNQUEUED,
    WAITING,
    first_start,
    longest_standstill,
    note_queued,
    waits,
)

A, B, C, OTHER = (TaskId("dag", name) for name in "abco")


def attempt(task: TaskId, start: float, end: float = 1000) -> Attempt:
    return Attempt(task, 1, 4711, start, end, DONE)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([attempt(A, 12), attempt(B, 15), attempt(C, 16)], 3),
        ([attempt(A, 11), attempt(B, 12), attempt(C, 612)], 600),
        (
            [attempt(A, 11), attempt(B, 12), attempt(C, 612), *(attempt(OTHER, n) for n in range(13, 600))],
            600,
        ),
        ([attempt(A, 5, 9), attempt(A, 40), attempt(B, 41), attempt(C, 42)], 30),
        ([attempt(A, 11), attempt(A, 99), attempt(B, 12), attempt(C, 13)], 1),
        ([attempt(A, 11), attempt(B, 12)], None),
        ([], None),
    ],
    ids=[
        "one after the other",
        "one is left behind",
        "one is left behind while others start",
        "an attempt before the fault is no move",
        "a retry is no move",
        "one never moved",
        "none moved",
    ],
)
def test_standstill_is_the_longest_time_without_a_move(
    attempts: list[Attempt], expected: float | None
) -> None:
    moves = [first_start(attempts, task, 10) for task in (A, B, C)]
    assert longest_standstill(attempts, moves, 10, slots=10_000) == expected


def test_time_in_which_all_slots_are_taken_is_no_standstill() -> None:
    busy = [attempt(OTHER, 0, 20), attempt(OTHER, 3, 25)]
    moves = [attempt(A, 22, 23), attempt(B, 27)]
    assert longest_standstill([*busy, *moves], [22, 27], 10, slots=2) == 4  # from 23 on; 20 to 22 is shorter
    assert longest_standstill([*busy, *moves], [22, 27], 10, slots=3) == 12


def test_task_beyond_the_queue_moves_when_it_is_first_seen_queued() -> None:
    times: dict[TaskId, float] = {}
    note_queued(times, [A, B, C], {A: "queued", B: "scheduled"}, 11)
    note_queued(times, [A, B, C], {A: "running", B: "success", C: None}, 40)
    assert times == {A: 11, B: 40}
    assert longest_standstill([], [times.get(task) for task in (A, B)], 10, slots=1) == 29
    assert longest_standstill([], [times.get(task) for task in (A, B, C)], 10, slots=1) is None


def test_nothing_stands_still_if_nothing_waited() -> None:
    assert longest_standstill([attempt(A, 12)], [], 10, slots=1) is None


@pytest.mark.parametrize(
    ("planned", "state", "kinds", "expected"),
    [
        (PlannedTask(A), {A: "queued"}, WAITING, True),
        (PlannedTask(A), {A: "queued"}, UNQUEUED, False),
        (PlannedTask(A), {A: None}, UNQUEUED, True),
        (PlannedTask(A), {A: "deferred"}, WAITING, False),
        (PlannedTask(A), {}, UNQUEUED, True),
        (PlannedTask(A, trigger=B), {B: "running"}, WAITING, False),
        (PlannedTask(A, trigger=B), {B: "success"}, WAITING, True),
    ],
    ids=[
        "queued",
        "beyond the queue",
        "unscheduled",
        "deferred",
        "not mapped yet",
        "untriggered",
        "triggered",
    ],
)
def test_task_waits_if_it_only_needs_airflow(
    planned: PlannedTask, state: dict[TaskId, str | None], kinds: tuple[str | None, ...], expected: bool
) -> None:
    assert waits(planned, state, kinds) is expected
