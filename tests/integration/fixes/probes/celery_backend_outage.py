"""Runs two real CeleryExecutors while their result backend, a real Redis, is away.

The first one has sent tasks; the second one adopts them. Another task is of another executor, which adopts none, so
that the scheduler resets it. Argument: the port of the result backend.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from airflow.executors.base_executor import BaseExecutor
from airflow.models.taskinstance import TaskInstance
from airflow.providers.celery.executors.celery_executor import CeleryExecutor
from airflow.utils.session import create_session
from sqlalchemy import update

from astro_runtime_plugin.fixes import celery_backend_outage
from astro_runtime_plugin.fixes.support import outage
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks, saved_tasks, take_states
from testing.scheduler_parts import end_schedulers, outcome, start_scheduler
from testing.servers import redis
from testing.waiting import wait_until

port = int(sys.argv[1])
first, second = (CeleryExecutor() for _ in range(2))  # type: ignore[no-untyped-call]
*tasks, other_task = create_tasks(3)


def let_other_executor_have(task: Any, scheduler: Any) -> None:
    """Assign a task to another executor, which the scheduler finds by its name."""
    with create_session() as session:
        session.execute(update(TaskInstance).filter_by(task_id=task.task_id).values(executor="other"))
    other = BaseExecutor()  # type: ignore[no-untyped-call]
    load = scheduler._try_to_load_executor

    def load_executor(task: Any, *args: Any, **options: Any) -> Any:
        return other if "other" in (task, getattr(task, "executor", None)) else load(task, *args, **options)

    scheduler._try_to_load_executor = load_executor


def states_after_heartbeats(executor: Any) -> dict[str, str]:
    wait_until(lambda: executor.heartbeat() or not executor.running)
    return take_states(executor)


with redis(port=port):
    first.start()
    queue_tasks(first, tasks)
    first.heartbeat()
    sent = list(first.workloads.values())
    scheduler = start_scheduler(second)
    let_other_executor_have(other_task, scheduler)
    end_schedulers()
    before = saved_tasks()
away = {
    "heartbeat": outcome(first.heartbeat),
    "adoption": outcome(scheduler.adopt_or_reset_orphaned_tasks),
    "tasks are untouched": saved_tasks()[:2] == before[:2],
    "other executor's task": saved_tasks()[2][0],
    "running": len(first.running),
}
with redis(port=port):
    for result, task in zip(sent, tasks, strict=True):
        first.celery_app.backend.store_result(task.external_executor_id, None, "SUCCESS")
        first.celery_app.backend.store_result(result.task_id, None, "SUCCESS")
    take_states(first)
    back = {
        "states": states_after_heartbeats(first),
        "adoption": outcome(scheduler.adopt_or_reset_orphaned_tasks),
    }
    back["adopted"] = take_states(second)
celery_backend_outage._adoption.pop(second, None)
outage.MAX_SECONDS = 0.0
end_schedulers()
limit = [outcome(scheduler.adopt_or_reset_orphaned_tasks) for _ in range(2)]
report({"away": away, "back": back, "limit": limit})
os._exit(0)  # at Python's end, Celery's results would wait for the backend for two minutes
