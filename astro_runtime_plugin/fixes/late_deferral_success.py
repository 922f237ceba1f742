"""The executor's late report of a deferral or reschedule does not fail the task that has resumed.

A worker that has deferred its task exits, and the executor reports this as a success of the try. If a trigger fires
before the report arrives, the same try is queued or running again, and the scheduler concludes from the report that its
worker was killed. The same happens to a sensor in reschedule mode.

A try that has resumed needs no report of success, because it writes its state itself. If its worker really was killed,
Airflow notices by `task_queued_timeout` while the task is queued, and by its missing heartbeats while it is running.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

SCHEDULER = "airflow.jobs.scheduler_job_runner"
ID = "late-deferral-success"
UNFINISHED = ("scheduled", "queued", "running")
Events = dict[Any, tuple[Any, Any]]
log = logging.getLogger("astro_runtime")


class EventFilter:
    """An executor as the scheduler uses it, without the events of exits that a task has resumed from."""

    def __init__(self, executor: Any, session: Any) -> None:
        self._executor, self._session = executor, session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)

    def __repr__(self) -> str:
        return repr(self._executor)

    def __str__(self) -> str:
        return str(self._executor)

    def get_event_buffer(self, *args: Any, **options: Any) -> Events:
        """Take the executor's events, and return those that the scheduler is to process."""
        events: Events = self._executor.get_event_buffer(*args, **options)
        for key in attempt(ID, [], resumed_keys, events, self._session):
            log.info("astro-runtime: %s has resumed; the late report of its deferral is ignored", key)
            del events[key]
        return events


def filter_events(process: Callable[..., int]) -> Callable[..., int]:
    """Wrap `process_executor_events` of Airflow 3, or `_process_executor_events` of Airflow 2."""
    parameters = signature(process)

    @wraps(process)
    def process_filtered(*args: Any, **options: Any) -> int:
        if not {"executor", "session"} <= options.keys():  # Airflow's loop names them, and binding takes time
            args, options = (), parameters.bind(*args, **options).arguments
        executor = EventFilter(options["executor"], options["session"])
        return process(*args, **{**options, "executor": executor})

    return process_filtered


def resumed_keys(events: Events, session: Any) -> list[Any]:
    """Return the keys of successes whose try has deferred or rescheduled itself before, and is unfinished."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancekey import TaskInstanceKey
    from sqlalchemy import or_, select

    keys = [
        key for key, (state, _) in events.items() if state == "success" and isinstance(key, TaskInstanceKey)
    ]
    if not keys:
        return []
    columns = [getattr(TaskInstance, name) for name in TaskInstanceKey._fields]
    paused = or_(TaskInstance.next_method.is_not(None), _rescheduled().exists())
    query = select(*columns).where(
        TaskInstance.filter_for_tis(keys), TaskInstance.state.in_(UNFINISHED), paused
    )
    with session.begin_nested():  # an error leaves the caller's transaction usable
        resumed = {TaskInstanceKey(*row) for row in session.execute(query)}
    return [key for key in keys if key in resumed]


def _rescheduled() -> Any:
    """Return the query of a task instance's reschedules in its current try."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskreschedule import TaskReschedule
    from sqlalchemy import select

    # Airflow 3 gives each try a task instance with its own id.
    per_try = hasattr(TaskReschedule, "ti_id")
    names = ("dag_id", "task_id", "run_id", "map_index", "try_number")
    pairs = [("ti_id", "id")] if per_try else [(name, name) for name in names]
    same = [getattr(TaskReschedule, column) == getattr(TaskInstance, other) for column, other in pairs]
    return select(TaskReschedule.id).where(*same).correlate(TaskInstance)


FIX = Fix(
    id=ID,
    title="A deferred task that resumes at once is not failed by the late report of its deferral",
    symptom="A deferrable task fails with `state mismatch` in the audit log, although nothing in it failed.",
    issue="https://github.com/apache/airflow/issues/72716",
    ends="Airflow's scheduler ignores the success of a deferral or reschedule whose task is queued or running again.",
    patches=(
        Patch(
            SCHEDULER,
            "SchedulerJobRunner.process_executor_events",
            ("7ae42ac0a7db779f",),
            filter_events,
            ("3.3",),
        ),
        Patch(
            SCHEDULER,
            "SchedulerJobRunner._process_executor_events",
            ("057937290e0c540f",),
            filter_events,
            ("2.11",),
        ),
    ),
)
