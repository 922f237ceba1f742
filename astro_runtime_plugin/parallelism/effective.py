"""What is read in the place of parallelism, and how it gets there."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from astro_runtime_plugin.parallelism.limit import LimitState

Adjust = Callable[[int], int]


class OverriddenAttribute:
    """A data descriptor: the attribute keeps what Airflow sets it to, and `follow` makes of it what is read."""

    def __init__(self, name: str, follow: Adjust) -> None:
        self.name = name
        self.follow = follow

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        if self.name not in instance.__dict__:
            raise AttributeError(self.name)  # as any attribute that nobody has set yet
        return self.follow(instance.__dict__[self.name])

    def __set__(self, instance: Any, value: int) -> None:
        instance.__dict__[self.name] = value


class ParallelismConf:
    """Airflow's `conf`, but for `[core] parallelism`."""

    def __init__(self, original: Any, follow: Adjust) -> None:
        self._original = original
        self._follow = follow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def getint(self, section: str, key: str, *rest: Any, **options: Any) -> int:
        """Return what `conf.getint` does, parallelism as it follows the workers."""
        value: int = self._original.getint(section, key, *rest, **options)
        return self._follow(value) if (section, key) == ("core", "parallelism") else value


class EffectiveParallelism:
    """What is read in the place of parallelism, in tasks; `others` is how many executors there are beside Celery's.

    Airflow takes from it what it takes for running, so the tasks come on top that no worker runs any more: those of a
    worker that has gone take no slots of the others. It is never less than what runs, as parallelism never is in
    Airflow: the scheduler adds the free slots of its executors up, and none may have fewer than none.
    """

    def __init__(self, bound: LimitState, others: int) -> None:
        self._bound = bound
        self._others = others
        self.executor: Any = None  # the CeleryExecutor, from its start on

    def of_celery(self, configured: int) -> int:
        """Return CeleryExecutor's, whatever is configured."""
        bound, lost = self._bound.snapshot
        value = bound.value or 1
        return (
            max(value + len(lost & sent_task_ids(self.executor)), len(self.executor.running))
            if self.executor
            else value
        )

    def over_all(self, configured: int) -> int:
        """Return that of all executors: each of the others has what is configured."""
        return self.of_celery(configured) + configured * self._others


def sent_task_ids(executor: Any) -> set[str]:
    """Return the Celery ids of the tasks that a CeleryExecutor takes for running: `tasks` in older providers."""
    results = getattr(executor, "workloads", None) or getattr(executor, "tasks", {})
    return {result.task_id for result in results.values()}


def override_attribute(runner: ModuleType, follow: Adjust) -> None:
    """Airflow 3."""
    runner.SchedulerJobRunner._parallelism = OverriddenAttribute("_parallelism", follow)


def override_conf(runner: ModuleType, follow: Adjust) -> None:
    """Airflow 2."""
    runner.conf = ParallelismConf(runner.conf, follow)  # type: ignore[attr-defined]
