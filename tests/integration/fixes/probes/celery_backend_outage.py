"""Runs two real CeleryExecutors while their result backend, a real Redis, is away.

The first one has sent tasks; the second one adopts them. Argument: the port of the result backend.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.providers.celery.executors.celery_executor import CeleryExecutor

from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks, saved_tasks, take_states
from testing.scheduler_parts import end_schedulers, outcome, start_scheduler
from testing.servers import redis
from testing.waiting import wait_until

port = int(sys.argv[1])
first, second = (CeleryExecutor() for _ in range(2))  # type: ignore[no-untyped-call]
tasks = create_tasks(2)


def states_after_heartbeats(executor: Any) -> dict[str, str]:
    wait_until(lambda: executor.heartbeat() or not executor.running)
    return take_states(executor)


with redis(port=port):
    first.start()
    queue_tasks(first, tasks)
    first.heartbeat()
    sent = list(first.workloads.values())
    scheduler = start_scheduler(second)
    end_schedulers()
    before = saved_tasks()
away = {
    "heartbeat": outcome(first.heartbeat),
    "adoption": outcome(scheduler.adopt_or_reset_orphaned_tasks),
    "tasks are untouched": saved_tasks() == before,
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
report({"away": away, "back": back})
