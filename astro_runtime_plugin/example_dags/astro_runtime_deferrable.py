"""A deferrable sensor: it waits in the triggerer, and takes no worker slot while it does."""

from __future__ import annotations

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import dag, task


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_deferrable() -> None:
    """Waits until ten seconds after the run has started, then goes on.

    While it waits the task is `deferred`: the triggerer watches the clock for it, together with hundreds of
    others in one process, and the worker is free for another task.
    """
    wait = DateTimeSensorAsync(
        task_id="wait_ten_seconds",
        target_time="{{ dag_run.start_date + macros.timedelta(seconds=10) }}",
    )

    @task
    def go_on() -> None:
        print("The time has come.")

    wait >> go_on()


astro_runtime_deferrable()
