"""Stops a scheduler whose CeleryExecutor has sent tasks to a Redis that hangs, which then goes on.

Argument: the port of Redis. The environment has [celery] broker_url and sync_parallelism. Reports the tasks' states
when the scheduler has stopped, and those of the tasks whose messages Redis has all the same.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.providers.celery.executors import celery_executor_utils
from airflow.providers.celery.executors.celery_executor import CeleryExecutor
from airflow.utils.session import create_session
from sqlalchemy import select, update

from testing import servers
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks
from testing.scheduler_parts import create_running_scheduler, run_loop
from testing.waiting import wait_until

SEND_SECONDS = 2.0  # after which a message counts as not sent


@contextmanager
def hanging(url: str) -> Iterator[None]:
    """Stop the process of a Redis until the end of the block."""
    from redis import Redis

    with Redis.from_url(url) as client:
        pid = client.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def take_messages() -> list[str]:
    """Return the Celery ids of the messages that the queue has, and empty it."""
    ids = []
    with executor.celery_app.connection_for_read() as connection:
        while message := connection.default_channel.basic_get("default", no_ack=True):
            ids.append(message.headers["id"])
    return ids


def saved() -> dict[str, TaskInstance]:
    """Return the tasks as they are in the database, by task."""
    with create_session() as session:
        return {task.task_id: task for task in session.scalars(select(TaskInstance))}


def observe(messages: Iterable[str]) -> dict[str, Any]:
    """Return the state of each task that was queued while Redis hung, and those that have its messages by their id."""
    tasks = saved()
    return {
        "states": [str(tasks[task.task_id].state) for task in others],
        "messages": sorted(
            task_id for task_id, task in tasks.items() if task.external_executor_id in messages
        ),
    }


executor: Any = CeleryExecutor()  # type: ignore[no-untyped-call]
first, *others = create_tasks(3)
runner = create_running_scheduler(executor)
with create_session() as session:
    session.execute(update(TaskInstance).values(queued_by_job_id=runner.job.id))
with servers.redis(port=int(sys.argv[1])) as url:
    queue_tasks(executor, [first])
    executor.heartbeat()
    assert len(take_messages()) == 1
    celery_executor_utils.OPERATION_TIMEOUT = SEND_SECONDS
    with hanging(url):
        queue_tasks(executor, others)
        executor.heartbeat()
        run_loop(runner)
    report(observe(wait_until(take_messages)))
