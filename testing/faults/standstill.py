"""How long waiting tasks stood still after a fault, by the ledger. Everything here is pure.

A task *waits* if it only needs Airflow to go on: it is queued, scheduled, or ready to be. A task's *move* is the start
of its first attempt after the end of the fault. After a fault of a scheduler, it is the time at which Airflow queues
it: workers start what is queued without a scheduler, and before all else, for most of a minute. A *standstill* is the
time between two moves, or before the first one, in which one of the tasks that waited at the end of the fault still
waits and a slot is free. With all slots taken nothing can move, with or without a fault; hence that time does not
count. What else starts, such as retries, is no move: a task that is left behind is noticed at the latest when all
others have moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from testing.faults.attempts import Attempt, PlannedTask, TaskId

UNQUEUED = (None, "scheduled")
WAITING = (*UNQUEUED, "queued")


def waits(planned: PlannedTask, states: Mapping[TaskId, str | None], kinds: Collection[str | None]) -> bool:
    """Whether a task is in one of these states by Airflow's word, or unknown to it and ready: as good as None."""
    if planned.task in states:
        return states[planned.task] in kinds
    return planned.trigger is None or states.get(planned.trigger) == "success"


def longest_standstill(
    attempts: Iterable[Attempt], moves: Sequence[float | None], moment: float, slots: int
) -> float | None:
    """Return the seconds of the longest standstill after a moment; None if none waited, or one has never moved."""
    times = [move for move in moves if move is not None]
    if not times or len(times) < len(moves):
        return None
    return max(free_seconds(attempts, *times, slots=slots) for times in pairwise([moment, *sorted(times)]))


def note_queued(
    times: dict[TaskId, float], waiting: Iterable[TaskId], states: Mapping[TaskId, str | None], now: float
) -> None:
    """Add the time for each task that was not queued yet when it was looked at last."""
    for task in waiting:
        if states.get(task) not in UNQUEUED:
            times.setdefault(task, now)


def first_start(attempts: Iterable[Attempt], task: TaskId, moment: float) -> float | None:
    """Return when the first attempt of a task after a moment started."""
    starts = (each.start for each in attempts if each.task == task and each.start > moment)
    return min(starts, default=None)


def free_seconds(attempts: Iterable[Attempt], begin: float, end: float, *, slots: int) -> float:
    """Return for how long between two times fewer attempts ran than there are slots."""
    present = [each for each in attempts if each.start < end and each.end > begin]
    inner = {time for each in present for time in (each.start, each.end) if begin < time < end}
    return sum(
        later - earlier
        for earlier, later in pairwise([begin, *sorted(inner), end])
        if sum(each.start <= earlier < each.end for each in present) < slots
    )
