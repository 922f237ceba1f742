"""Judges what became of the planned tasks, by the ledger and by Airflow's final states. Everything here is pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from testing.faults.attempts import DONE, FAILED, INTERRUPTED, Attempt, PlannedTask, TaskId, by_task

ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}


class Judgement(NamedTuple):
    """The tasks with which something is wrong, and how many were cut off or run again, which is none of it.

    lost: it should have been done, was not, and Airflow has given it up or never knew it
    hung: Airflow has not ended it
    overlaps: its code ran twice at the same time
    misreported: Airflow says success and its code never ended, or failed and its code was done
    cut_off: failed because the fault killed its process in its last try, as it must
    unreported: failed though its code was done, because the fault killed the process that alone could report that: it
        is no misreport, since Airflow cannot know better, and to say success for a task that is cut off were worse
    repeated: its code ran again after it was done or cut off, one after the other
    """

    planned: int
    lost: tuple[TaskId, ...]
    hung: tuple[TaskId, ...]
    overlaps: tuple[TaskId, ...]
    misreported: tuple[TaskId, ...]
    cut_off: int
    unreported: int
    repeated: int

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.hung or self.overlaps or self.misreported)


def judge(
    plan: Iterable[PlannedTask],
    attempts: Iterable[Attempt],
    states: Mapping[TaskId, str | None],
    struck: Mapping[TaskId, Collection[int]] = MappingProxyType({}),
) -> Judgement:
    """Judge each planned task; `states` are Airflow's, `struck` are the tries whose processes the fault killed."""
    plan, attempts_by_task = list(plan), by_task(attempts)
    tasks_by_fate: dict[str, list[TaskId]] = {}
    for planned in plan:
        mine = attempts_by_task.get(planned.task, [])
        fate = fate_of(planned, mine, states, struck.get(planned.task, ()))
        tasks_by_fate.setdefault(fate, []).append(planned.task)
    return Judgement(
        planned=len(plan),
        lost=tuple(tasks_by_fate.get("lost", ())),
        hung=tuple(tasks_by_fate.get("hung", ())),
        overlaps=tuple(task for task, mine in attempts_by_task.items() if overlap(mine)),
        misreported=tuple(tasks_by_fate.get("misreported", ())),
        cut_off=len(tasks_by_fate.get("cut off", ())),
        unreported=len(tasks_by_fate.get("unreported", ())),
        repeated=sum(is_repeated(mine) for mine in attempts_by_task.values()),
    )


def fate_of(
    planned: PlannedTask,
    attempts: Sequence[Attempt],
    states: Mapping[TaskId, str | None],
    struck: Collection[int],
) -> str:
    """Return "right", "untriggered", "lost", "hung", "misreported", "unreported" or "cut off"."""
    if planned.task not in states:
        return "untriggered" if is_untriggered(planned, states) else "lost"
    state = states[planned.task]
    if state not in ENDED:
        return "hung"
    done = {attempt.try_number for attempt in attempts if attempt.outcome == DONE}
    if state == "success":
        return "right" if done else "misreported"
    if done:
        return "unreported" if done.intersection(struck) else "misreported"
    raised = {attempt.try_number for attempt in attempts if attempt.outcome == FAILED}
    if len(raised) > planned.retries:
        return "right"
    # Without a single try that was struck, it is not the fault's work.
    return "cut off" if struck and len(raised.union(struck)) > planned.retries else "lost"


def is_untriggered(planned: PlannedTask, states: Mapping[TaskId, str | None]) -> bool:
    """Whether the task that should start this one has ended without success: what became of that one is judged."""
    state = states.get(planned.trigger) if planned.trigger else None
    return planned.task not in states and state in ENDED - {"success"}


def overlap(attempts: Sequence[Attempt]) -> bool:
    """Whether two attempts of a task, in the order of their start, ran at the same time."""
    latest_end = float("-inf")
    for attempt in attempts:
        if attempt.start < latest_end:
            return True
        latest_end = max(latest_end, attempt.end)
    return False


def is_repeated(attempts: Sequence[Attempt]) -> bool:
    """Whether a task's code ran again after it was done or cut off."""
    return any(attempt.outcome in (DONE, None, INTERRUPTED) for attempt in attempts[:-1])
