"""LocalExecutor takes no more tasks than it can run, so that the scheduler never waits for its processes.

On Airflow 3 it forgets a task when it gives it to its processes, and always has room: `[core] parallelism` limits
nothing, and a second scheduler gets no task. The processes read from a pipe. When some thirty tasks wait in it, the
scheduler's loop stands still until a running task ends, without heartbeats; another scheduler takes it for dead, and
starts its running tasks again. If the processes wait, too, because what they report fills a pipe that only the loop
reads, it stands still for ever. With this fix a task takes up room until its process has reported its end. A process
that is killed reports nothing: what the database no longer knows as queued or running takes up none either. What does
not fit into the pipe waits in the executor for the scheduler's next loop, which has read what the processes report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.overdue_tasks import Reconcilers, step_after_sync
from astro_runtime_plugin.fixes.support.pipe_room import is_writable
from astro_runtime_plugin.fixes.support.queued_tasks import open_session, read_keys

ID = "local-parallelism"
PAUSE = 60.0  # seconds between two looks into the database
WAIT = 0.1  # seconds that idle processes get to take what waits for them


def count_tasks(process: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Wrap `LocalExecutor._process_workloads`, which gives workloads to the processes."""

    @wraps(process)
    def process_and_count(executor: Any, workload_list: Any) -> None:
        for workload in workload_list:
            if not attempt(ID, True, has_room, executor):
                return
            process(executor, [workload])
            attempt(ID, None, add, executor, [workload])

    return process_and_count


def has_room(executor: Any) -> bool:
    """Whether the processes' pipe takes another workload."""
    return is_writable(executor.activity_queue._writer, WAIT)


def add(executor: Any, workloads: Collection[Any]) -> None:
    """Let the tasks among the workloads take up room; Airflow gives it back when it reads their end."""
    from airflow.executors.workloads import ExecuteTask

    executor.running.update(workload.key for workload in workloads if isinstance(workload, ExecuteTask))


class EndedTasks:
    """Looks for tasks of one executor whose processes have not reported that they have ended."""

    def __init__(self) -> None:
        self._last_look = time.monotonic()

    def step(self, executor: Any) -> None:
        """Give the room of ended tasks back, once in a while. Raises SQLAlchemyError."""
        now = time.monotonic()
        if executor.running and now - self._last_look >= PAUSE:
            self._last_look = now
            executor.running &= live_keys(executor.job_id)


def live_keys(job_id: Any) -> set[Any]:
    """Return the keys of a scheduler's tasks that are queued or run."""
    from airflow.models.taskinstance import TaskInstance

    is_live = TaskInstance.state.in_(("queued", "running"))
    with open_session() as session:
        return {*read_keys(session, TaskInstance.queued_by_job_id == job_id, is_live)}


_reconcilers: Reconcilers = WeakKeyDictionary()
MODULE = "airflow.executors.local_executor"
FIX = Fix(
    id=ID,
    title="LocalExecutor takes no more tasks than it can run, and does not hold the scheduler up",
    symptom="With many tasks the scheduler's heartbeat stops, and running tasks of LocalExecutor start again.",
    issue="https://github.com/apache/airflow/issues/70526",
    ends="LocalExecutor counts the tasks that it has given to its processes.",
    patches=(
        Patch(MODULE, "LocalExecutor._process_workloads", ("633d2deec5f09062",), count_tasks, ("3.3",)),
        Patch(
            MODULE,
            "LocalExecutor.sync",
            ("2691b4f0a7df6bcf",),
            step_after_sync(ID, _reconcilers, EndedTasks),
            ("3.3",),
        ),
    ),
)
