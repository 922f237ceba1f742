"""Retries: a task that fails twice, as if a service were briefly unavailable, and then succeeds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import dag, task


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_retries() -> None:
    """**The first two tries fail on purpose**; the third try succeeds, and so does the run.

    `retries=3` allows four tries. They are `retry_delay` apart: one second in this example, rather minutes in a
    real DAG, and longer each time with `retry_exponential_backoff`. Each try has its own log: open the task `call`.
    """

    @task(retries=3, retry_delay=timedelta(seconds=1))
    def call(ti: Any) -> int:
        if ti.try_number < 3:
            raise ConnectionError(f"Try {ti.try_number} fails on purpose. Airflow will retry.")
        print(f"Try {ti.try_number} succeeds.")
        return int(ti.try_number)

    call()


astro_runtime_retries()
