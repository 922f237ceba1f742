"""Lets the scheduler leave an executor out of a round of its periodic work when it cannot do its part of it.

The scheduler adopts tasks of a dead scheduler, and requeues tasks that are stuck, together with the executors. An error
of one executor ends the scheduler. What an executor cannot do now, it can do in the next round: its tasks are taken out
of the scheduler's lists, so that they are neither reset nor claimed, and the round goes on with the others. Where that
is not possible, the round ends and its session is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any, NamedTuple

from astro_runtime_plugin.fixes.fix import Patch


class PostponedError(NotImplementedError):
    """The executor cannot do its part of the round at the moment.

    `_handle_tasks_stuck_in_queued` goes on with the next executor when one has not implemented `revoke_task`.
    """


class Round(NamedTuple):
    """The scheduler's lists in a round: all tasks, and those of each executor. They are changed in place."""

    tasks: Any
    by_executor: Mapping[Any, list[Any]]


BEGUN = Round((), {})  # a round whose tasks are not grouped yet
_round: ContextVar[Round | None] = ContextVar("round", default=None)


def skip_postponed(work: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method of the scheduler's that returns a count or nothing."""

    @wraps(work)
    def work_or_skip(runner: Any, *args: Any, **options: Any) -> Any:
        _round.set(BEGUN)
        try:
            return work(runner, *args, **options)
        except PostponedError:
            return 0
        finally:
            _round.set(None)

    return work_or_skip


def remember_round(group: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the method of the scheduler's that groups tasks by executor; the tasks are its first argument."""

    @wraps(group)
    def group_and_remember(runner: Any, *args: Any, **options: Any) -> Any:
        by_executor = group(runner, *args, **options)
        if _round.get() is not None:
            tasks = [*args, *options.values()][0]  # `workloads` in Airflow 3, `tis` in Airflow 2
            _round.set(Round(tasks, by_executor))
        return by_executor

    return group_and_remember


def postpone_adoption(executor: Any, error: Exception) -> Sequence[Any]:
    """Take an executor's tasks out of the round; return the tasks to reset: none.

    Raises PostponedError if it cannot, and the executor's error if the scheduler's methods are stock.
    """
    current = _current_round(error)
    if not isinstance(current.tasks, list) or executor not in current.by_executor:
        raise PostponedError from error
    mine = {id(task) for task in current.by_executor[executor]}
    current.tasks[:] = [task for task in current.tasks if id(task) not in mine]
    return []


def postpone_revocation(executor: Any, error: Exception) -> None:
    """Raise PostponedError, with which the scheduler goes on to the next executor, or the error as above.

    Airflow 2 then fails what is in the executor's list: nothing.
    """
    current = _current_round(error)
    if executor in current.by_executor:
        current.by_executor[executor].clear()
    raise PostponedError from error


def _current_round(error: Exception) -> Round:
    current = _round.get()
    if current is None:
        raise error
    return current


SCHEDULER = "airflow.jobs.scheduler_job_runner"
ADOPTION = (
    Patch(
        SCHEDULER,
        "SchedulerJobRunner.adopt_or_reset_orphaned_tasks",
        ("453cc3e7a210a5cf", "7a460554b37c7526"),
        skip_postponed,
    ),
    Patch(
        SCHEDULER,
        "SchedulerJobRunner._executor_to_workloads",
        ("8671532abf9c543b",),
        remember_round,
        ("3.3",),
    ),
    Patch(SCHEDULER, "SchedulerJobRunner._executor_to_tis", ("61968cc9ef1f3179",), remember_round, ("2.11",)),
)
