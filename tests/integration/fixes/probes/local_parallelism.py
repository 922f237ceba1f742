"""Queues tasks for a real LocalExecutor with one process, lets it run them, and then kills the process with the last.

Reports how many tasks wait in the executor at first, and how many count as running then and after the kill.
"""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

from airflow.executors import local_executor
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from astro_runtime_plugin.fixes import local_parallelism
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks
from testing.waiting import wait_until

HOME = Path(os.environ["AIRFLOW_HOME"])
STARTS = HOME / "starts"
executor: Any = local_executor.LocalExecutor(parallelism=1)


def run_task(workload: Any, **_: Any) -> None:
    """Stand for a task, in a process of LocalExecutor."""
    task_id = workload.ti.task_id
    with open(STARTS, "a") as file:
        print(task_id, os.getpid(), file=file)
    wait_until((HOME / task_id).exists, lambda: task_id, seconds=300)


def starts() -> dict[str, int]:
    """Return the process of each task that has begun."""
    lines = STARTS.read_text().splitlines() if STARTS.exists() else []
    return {task_id: int(pid) for task_id, pid in map(str.split, lines)}


def has_begun(task_id: str) -> bool:
    """Whether a task has begun, after the next of the scheduler's loops."""
    executor.heartbeat()
    return task_id in starts()


def fail_task(task: Any) -> None:
    """Let the scheduler have noticed that a task sends no heartbeats."""
    with create_session() as session:
        failed = update(TaskInstance).where(TaskInstance.task_id == task.task_id).values(state="failed")
        session.execute(failed)


base: Any = local_executor.BaseExecutor
base.run_workload = staticmethod(run_task)
*first, last = tasks = create_tasks(4)
executor.job_id = tasks[0].queued_by_job_id
executor.start()
queue_tasks(executor, first)
for _ in range(3):
    executor.heartbeat()
observed: dict[str, Any] = {"waiting": len(executor.queued_tasks), "running": len(executor.running)}
for task in first:
    wait_until(partial(has_begun, task.task_id), seconds=120)
    (HOME / task.task_id).touch()
wait_until(lambda: executor.heartbeat() or not executor.running, seconds=120)
queue_tasks(executor, [last])
wait_until(partial(has_begun, last.task_id), seconds=120)
os.kill(starts()[last.task_id], signal.SIGKILL)
executor.heartbeat()
observed["killed"] = len(executor.running)
local_parallelism.PAUSE = 0.0
fail_task(last)
wait_until(lambda: executor.heartbeat() or not executor.running, seconds=120)
report(observed)
for worker in executor.workers.values():
    worker.kill()
