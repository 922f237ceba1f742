"""A scheduler that stops hands its tasks over at once, and is not taken for dead while its last tasks run.

Airflow leaves the tasks that it has queued and not yet sent as they are: another scheduler looks for them every five
minutes, and on Airflow 3 CeleryExecutor then waits for a message that was never sent. With LocalExecutor a stopping
scheduler waits for the tasks that run in it without writing its heartbeat: after 30 seconds another scheduler calls it
dead, and starts its tasks a second time. Here a stopping scheduler makes unsent tasks scheduled again, so that any
scheduler queues them in its next loop. The others notice within about ten seconds that a scheduler has ended, and take
over the rest; on Airflow 2, a queued task of Celery's whose id is not saved is scheduled then, not reset, which would
cost it a try. LocalExecutor's last tasks keep the heartbeat of their scheduler. On Airflow 3 it hangs if they report
more than a pipe takes, 64 kB, because it waits for its processes without reading; here it reads until they have ended.
A scheduler that is stopped before its LocalExecutor has started no longer logs an error about that.
If tasks wait all the same, and none has run for five minutes, the heartbeats stop, and other schedulers take over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import attrgetter, itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.ended_schedulers import EndedSchedulers
from astro_runtime_plugin.fixes.support.executor_end import beat_while_ending, read_and_beat_while_ending
from astro_runtime_plugin.fixes.support.handover import hand_over
from astro_runtime_plugin.fixes.support.lost_ids import schedule_unknown
from astro_runtime_plugin.fixes.support.tasks_in_transit import note_transit

MODULE, CLASS = "airflow.jobs.scheduler_job_runner", "SchedulerJobRunner"
LOCAL = "airflow.executors.local_executor"
CELERY = "airflow.providers.celery.executors.celery_executor"
ID = "stopped-schedulers"
_others: WeakKeyDictionary[Any, EndedSchedulers] = WeakKeyDictionary()  # by the scheduler that looks for them


def release_at_end(loop: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_run_scheduler_loop`, which begins with a search for the tasks of others, and ends before the executors."""

    @wraps(loop)
    def release(runner: Any) -> None:
        attempt(ID, None, _look, runner)
        try:
            return loop(runner)
        finally:
            hand_over(ID, runner)

    return release


def adopt_early(purge: Callable[..., None]) -> Callable[..., None]:
    """Wrap the search for running tasks without heartbeats, which runs every ten seconds."""

    @wraps(purge)
    def adopt_and_purge(runner: Any, *args: Any, **options: Any) -> None:
        attempt(ID, None, _look, runner)
        purge(runner, *args, **options)

    return adopt_and_purge


def _look(runner: Any) -> None:
    """Take over the tasks of schedulers that have ended since the first look."""
    if runner in _others:
        _others[runner].process(runner.adopt_or_reset_orphaned_tasks)
    else:
        _others[runner] = EndedSchedulers(runner.job.id)


FIX = Fix(
    id=ID,
    title="A scheduler that stops hands its tasks over at once",
    symptom="After a scheduler's stop its tasks wait five to fifteen minutes; those of LocalExecutor run twice, or the"
    " scheduler never ends.",
    issue="https://github.com/apache/airflow/issues/67870",
    ends="Airflow's scheduler gives its unsent tasks back, and writes heartbeats until its executors have ended.",
    patches=(
        Patch(
            MODULE, f"{CLASS}._run_scheduler_loop", ("d7dd5578d64a9b0b", "fec85f5859509fc4"), release_at_end
        ),
        Patch(
            MODULE,
            f"{CLASS}._find_and_purge_task_instances_without_heartbeats",
            ("d49f53abf935d6e2",),
            adopt_early,
            ("3.3",),
        ),
        Patch(MODULE, f"{CLASS}._find_and_purge_zombies", ("f6be7d1b98aaa186",), adopt_early, ("2.11",)),
        Patch(LOCAL, "LocalExecutor.end", ("a420ccc9163821a1",), read_and_beat_while_ending(ID), ("3.3",)),
        Patch(LOCAL, "LocalExecutor.end", ("5b5d6853f0bb7f2b",), beat_while_ending(ID), ("2.11",)),
        Patch(
            LOCAL,
            "LocalExecutor._process_workloads",
            ("633d2deec5f09062",),
            note_transit(ID, attrgetter("key")),
            ("3.3",),
        ),
        Patch(
            CELERY,
            "CeleryExecutor._send_workloads",
            ("00fe4458962339e4",),
            note_transit(ID, itemgetter(0)),
            ("3.3",),
        ),
        Patch(
            CELERY,
            "CeleryExecutor.try_adopt_task_instances",
            ("b34845fd531bde22",),
            schedule_unknown(ID),
            ("2.11",),
        ),
    ),
)
