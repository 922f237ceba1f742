"""Kills the idle worker of a real LocalExecutor, and queues a task; reports whether a worker takes it."""

from __future__ import annotations

import os
import signal
from typing import Any

from airflow.executors.local_executor import LocalExecutor

from testing.proof import SELECTION, STOCK, report
from testing.queued_tasks import create_tasks, queue_tasks
from testing.waiting import wait_until

IS_STOCK = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]
SECONDS = 20 if IS_STOCK else 300  # in which no worker of stock takes the task
executor: Any = LocalExecutor(parallelism=1)


def is_waiting() -> bool:
    """Whether a worker waits for a task."""
    lock = executor.activity_queue._rlock
    if lock.acquire(block=False):
        lock.release()
        return False
    return True


def is_taken() -> bool:
    """Whether a worker has taken the task, after the next of the scheduler's loops."""
    executor.heartbeat()
    return bool(executor._unread_messages.value == 0)


tasks = create_tasks(1)
executor.start()
wait_until(is_waiting)
(pid,) = executor.workers
os.kill(pid, signal.SIGKILL)
wait_until(lambda: not executor.workers[pid].is_alive())
queue_tasks(executor, tasks)
try:
    wait_until(is_taken, seconds=SECONDS)
    taken = True
except AssertionError:
    taken = False
assert pid not in executor.workers
report(taken)
for worker in executor.workers.values():
    worker.kill()
