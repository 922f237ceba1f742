"""The parallelism that Airflow reads instead of the configured one."""

from __future__ import annotations

from typing import Any

from astro_runtime_plugin.airflow_compat import running_count, sent_task_ids
from astro_runtime_plugin.parallelism.limit import LimitState


class EffectiveParallelism:
    """Parallelism in tasks; `other_executors` is the number of executors other than Celery's.

    Airflow subtracts the tasks that it counts as running. It also counts the tasks of a vanished worker, which no
    worker runs any more. They are added here, so that they take no slots from the remaining workers.

    The result is never less than what runs, as in Airflow itself: the scheduler adds up the free slots of its
    executors, and no executor may contribute a negative number.
    """

    def __init__(self, limit: LimitState, other_executors: int) -> None:
        self._limit = limit
        self._other_executors = other_executors
        self.executor: Any = None  # the CeleryExecutor, once it has started
        self.follows = True  # otherwise the configured parallelism is in force

    def of_celery(self, configured: int) -> int:
        """Return CeleryExecutor's parallelism: the limit, or the configured one if it does not follow the workers."""
        if not self.follows:
            return configured
        calculation, lost = self._limit.snapshot
        value = calculation.value or 1
        if not self.executor:
            return value
        return max(value + len(lost & sent_task_ids(self.executor)), running_count(self.executor))

    def over_all_executors(self, configured: int) -> int:
        """Return the scheduler's limit: every other executor contributes the configured parallelism."""
        return self.of_celery(configured) + (configured * self._other_executors if self.follows else 0)
