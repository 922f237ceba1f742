"""What a fault test knows of tasks: what was planned, what the ledger saw, and what Airflow says. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

ROUND = "round-"  # what the ids of those runs begin with that a trial creates
WORK_SECONDS = 0.25  # what only waits, or looks at the clock, ends sooner and is never seen twice
DONE, FAILED, DEFERRED, RESCHEDULED, INTERRUPTED = "done", "failed", "deferred", "rescheduled", "interrupted"


class TaskId(NamedTuple):
    """A task of the load. `map_index` is -1 if it is not mapped.

    `run_id` is empty in what a load plans for a round, and if an asset has triggered the run, which then is the only
    one of its DAG.
    """

    dag_id: str
    task_id: str
    map_index: int = -1
    run_id: str = ""

    def __str__(self) -> str:
        index = "" if self.map_index < 0 else f"[{self.map_index}]"
        run = f" of {self.run_id}" if self.run_id else ""
        return f"{self.dag_id}.{self.task_id}{index}{run}"


class PlannedTask(NamedTuple):
    """A task as the load has it: how often it may be retried, and how many of its first tries fail by plan.

    `trigger` is the task whose success starts its DAG, if not the test does.
    """

    task: TaskId
    retries: int = 0
    failing_tries: int = 0
    trigger: TaskId | None = None


class AirflowTry(NamedTuple):
    """A try of a task, as Airflow counts them, and the process that Airflow has on record for it, if any."""

    task: TaskId
    number: int
    pid: int | None = None


class Attempt(NamedTuple):
    """One run of a task's code, with times in seconds by the ledger's clock.

    `end` is the last time that the code was seen running; `outcome` is None if it never wrote how it ended.
    """

    task: TaskId
    try_number: int
    pid: int
    start: float
    end: float
    outcome: str | None


def youngest_at_work(running: Iterable[Attempt], since: float) -> Attempt | None:
    """Return the latest of the attempts that run which began after `since`, and were seen at work."""
    young = [each for each in running if each.start > since and each.end - each.start >= WORK_SECONDS]
    return max(young, key=lambda each: each.start, default=None)


def round_of(run_id: str) -> str:
    """Return the id of a run of a round; "" if an asset has triggered it."""
    return run_id if run_id.startswith(ROUND) else ""


def in_round(planned: PlannedTask, run_id: str) -> PlannedTask:
    """Return a planned task as one of a round."""
    if planned.trigger:
        return planned._replace(trigger=planned.trigger._replace(run_id=run_id))
    return planned._replace(task=planned.task._replace(run_id=run_id))


def by_task(attempts: Iterable[Attempt]) -> Mapping[TaskId, list[Attempt]]:
    """Return the attempts of each task, in the order of their start."""
    attempts_by_task: dict[TaskId, list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.start):
        attempts_by_task.setdefault(attempt.task, []).append(attempt)
    return attempts_by_task
