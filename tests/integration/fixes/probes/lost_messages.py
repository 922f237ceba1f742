"""Has a real CeleryExecutor with a real broker search for messages that have been queued for too long.

The worker is a fake one that replies to questions. Arguments: for each task, where its message is, or that it runs.
The environment has [celery] broker_url.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from typing import Any

from airflow.configuration import conf
from airflow.models.taskinstance import TaskInstance
from airflow.providers.celery.executors.celery_executor import CeleryExecutor
from airflow.utils.session import create_session
from sqlalchemy import update

from astro_runtime_plugin.fixes import lost_messages
from astro_runtime_plugin.fixes.support import overdue_tasks
from testing.fake_worker import fake_worker
from testing.proof import SELECTION, STOCK, report
from testing.queued_tasks import create_tasks, queue_tasks
from testing.scheduler_parts import start_scheduler
from testing.waiting import wait_until

STOCK_SECONDS = 10  # in which stock does nothing
QUEUE = "default"
overdue_tasks.QUEUED_SECONDS, lost_messages.FIRST_PAUSE = 2.0, 1.0
is_stock = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]
executor: Any = CeleryExecutor()  # type: ignore[no-untyped-call]
tasks = create_tasks(len(sys.argv) - 1)
places = {task.task_id: place for task, place in zip(tasks, sys.argv[1:], strict=True)}
start_scheduler(executor)
with create_session() as session:
    session.execute(update(TaskInstance).values(queued_by_job_id=executor.job_id))
    running = [task_id for task_id, place in places.items() if place == "running"]
    session.execute(update(TaskInstance).where(TaskInstance.task_id.in_(running)).values(state="running"))


def send(*where: str) -> None:
    queue_tasks(executor, [task for task in tasks if places[task.task_id] in where])
    executor.heartbeat()


def ids() -> dict[str, str]:
    """Return the place of each Celery id."""
    return {result.task_id: places[key.task_id] for key, result in executor.workloads.items()}


def take_messages(expected: Collection[str]) -> list[str]:
    """Take all messages from the queue, to which those that are expected may come late; return their Celery ids."""
    taken: list[str] = []

    def take() -> bool:
        with executor.celery_app.connection_for_read() as connection:
            while message := connection.default_channel.basic_get(QUEUE, no_ack=True):
                taken.append(message.headers["id"])
        return {*expected} <= {*taken}

    wait_until(take)
    return taken


def sent_again() -> set[str]:
    """Return the Celery ids of the tasks that were sent again, each of which keeps its id."""
    results = executor.workloads.items()
    return {result.task_id for key, result in results if result is not sent[key]}


def has_searched(end: float) -> bool:
    """Whether a message was sent again: no search is certain in which a worker replies late."""
    executor.heartbeat()
    return time.monotonic() > end if is_stock else bool(sent_again())


send("lost", "with-worker", "running")
assert sorted(take_messages(ids())) == sorted(ids())
with_worker = [{"id": task_id} for task_id, place in ids().items() if place == "with-worker"]
send("in-queue")
sent = dict(executor.workloads)
replies: dict[str, Any] = {"ping": {"ok": "pong"}, "reserved": with_worker, "scheduled": []}
with fake_worker(conf.get("celery", "broker_url"), "worker@host", **replies):
    end = time.monotonic() + STOCK_SECONDS
    wait_until(lambda: has_searched(end))
executor.heartbeat()
report(sorted(ids()[task_id] for task_id in take_messages(sent_again())))
