"""A Celery application with a task that sleeps; because of the task's name, its workers count as Airflow's."""

from __future__ import annotations

import os
import time

from celery import Celery

app = Celery("sleeper", broker=os.environ.get("SLEEPER_BROKER"))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, task_acks_late=True)


@app.task(name="airflow.sleep")
def sleep(seconds: float, *_: object) -> None:
    """Sleep for some seconds."""
    time.sleep(seconds)
