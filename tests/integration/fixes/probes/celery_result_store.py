"""Stores that a task has started while Celery's result backend, a real Redis, is away.

Argument: the port of the result backend.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor, wait

from airflow.providers.celery.executors.celery_executor_utils import app

from testing.proof import SELECTION, STOCK, report
from testing.servers import redis

IS_STOCK = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]
AWAY = 300 if IS_STOCK else 5  # seconds; stock gives up within one, but a busy machine takes longer
backend = app.backend
with ThreadPoolExecutor(1) as worker:
    stored = worker.submit(backend.store_result, "task", None, "STARTED")
    wait([stored], AWAY)
    with redis(port=int(sys.argv[1])):
        error = stored.exception()
        report([type(error).__name__ if error else "", backend.get_state("task")])
