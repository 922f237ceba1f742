"""Stores that a task has started while Celery's result backend, a real Redis, is away.

Argument: the port of the result backend.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from airflow.providers.celery.executors.celery_executor_utils import app

from testing.proof import report
from testing.servers import redis

AWAY = 5  # seconds
backend = app.backend
with ThreadPoolExecutor(1) as worker:
    stored = worker.submit(backend.store_result, "task", None, "STARTED")
    time.sleep(AWAY)
    with redis(port=int(sys.argv[1])):
        error = stored.exception()
        report([type(error).__name__ if error else "", backend.get_state("task")])
