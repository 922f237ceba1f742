"""A deferrable sensor: it waits in the triggerer, and takes no worker slot while it does."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import dag, task


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_deferrable() -> None:
    """Waits for ten seconds, then goes on.

    While it waits the task is `deferred`: the triggerer watches the clock for it, together with hundreds of
    others in one process, and the worker is free for another task.
    """
    wait = WaitSensor(task_id="wait_ten_seconds", time_to_wait=timedelta(seconds=10), deferrable=True)

    @task
    def go_on() -> None:
        print("The time has come.")

    wait >> go_on()


astro_runtime_deferrable()
