"""A deferrable sensor: it waits in the triggerer, and takes no worker slot while it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, dag, task
from airflow.providers.common.compat.standard.triggers import TimeDeltaTrigger


class Wait(BaseSensorOperator):
    """Waits for `seconds`, counted from the deferral. A sensor for what you wait for differs in its trigger."""

    def __init__(self, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds

    def execute(self, context: Any) -> None:
        """Hand the waiting to the triggerer; this process ends here."""
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=self.seconds)), method_name="fired")

    def fired(self, context: Any, event: Any) -> None:
        """Run in a new process when the trigger has fired."""
        print(f"The trigger fired: {event}")


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_deferrable() -> None:
    """Waits for ten seconds, then goes on.

    While it waits the task is `deferred`: the triggerer watches the clock for it, together with hundreds of
    others in one process, and the worker is free for another task. Most sensors of the providers can do this:
    they take `deferrable=True`.
    """
    wait = Wait(task_id="wait_ten_seconds", seconds=10)

    @task
    def go_on() -> None:
        print("The time has come.")

    wait >> go_on()


astro_runtime_deferrable()
