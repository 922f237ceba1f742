"""A deferrable sensor: it waits in the triggerer and occupies no worker slot meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, dag, task
from airflow.providers.common.compat.standard.triggers import TimeDeltaTrigger


class Wait(BaseSensorOperator):
    """Waits for `seconds` after it has been deferred. To wait for something else, use another trigger."""

    def __init__(self, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds

    def execute(self, context: Any) -> None:
        """Hand over to the triggerer; this process ends here."""
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=self.seconds)), method_name="fired")

    def fired(self, context: Any, event: Any) -> None:
        """Continue in a new process when the trigger has fired."""
        print(f"The trigger fired: {event}")


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_deferrable() -> None:
    """Waits for ten seconds, then continues.

    While it waits, the task is `deferred`: the triggerer waits for it, for hundreds of tasks in a single process,
    and the worker is free for another task. Most sensors in the provider packages support this with
    `deferrable=True`.
    """
    wait = Wait(task_id="wait_ten_seconds", seconds=10)

    @task
    def go_on() -> None:
        print("Ten seconds have passed.")

    wait >> go_on()


astro_runtime_deferrable()
