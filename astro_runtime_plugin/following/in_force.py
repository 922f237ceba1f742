"""What is read in the place of parallelism, and how it gets there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

from astro_runtime_plugin.following.workers import Bound

Follow = Callable[[int], int]


class Followed:
    """A data descriptor: the attribute keeps what Airflow sets it to, and `follow` makes of it what is read."""

    def __init__(self, name: str, follow: Follow) -> None:
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


class FollowedConf:
    """Airflow's `conf`, but for `[core] parallelism`."""

    def __init__(self, original: Any, follow: Follow) -> None:
        self._original = original
        self._follow = follow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def getint(self, section: str, key: str, *rest: Any, **options: Any) -> int:
        """Return what `conf.getint` does, parallelism as it follows the workers."""
        value: int = self._original.getint(section, key, *rest, **options)
        return self._follow(value) if (section, key) == ("core", "parallelism") else value


class InForce:
    """What is read in the place of parallelism, in tasks; `others` is how many executors there are beside Celery's.

    It is never less than what runs, as parallelism never is in Airflow: the scheduler adds the free slots of its
    executors up, and none may have fewer than none.
    """

    def __init__(self, bound: Bound, others: int) -> None:
        self._bound = bound
        self._others = others
        self._gone: frozenset[str] = frozenset()
        self._left: set[Any] = set()
        self.executor: Any = None  # the CeleryExecutor, from its start on

    def of_celery(self, configured: int) -> int:
        """Return CeleryExecutor's, whatever is configured."""
        running: Collection[Any] = self.executor.running if self.executor else ()
        return max(self._bound.value + self._of_the_gone(running), len(running))

    def _of_the_gone(self, running: Collection[Any]) -> int:
        """Return how many of the running tasks those workers may hold yet that have gone: no slot of another's.

        They are in a shutdown that waits for its tasks, or dead. Which tasks are theirs nobody tells; they are among
        those that ran when the workers went, and no more than they took at once.
        """
        gone = self._bound.gone
        if gone.keys() - self._gone:
            self._left.update(running)
        self._gone = frozenset(gone)
        self._left.intersection_update(running)
        return min(sum(gone.values()), len(self._left))

    def over_all(self, configured: int) -> int:
        """Return that of all executors: each of the others has what is configured."""
        return self.of_celery(configured) + configured * self._others


def follow_attribute(runner: ModuleType, follow: Follow) -> None:
    """Airflow 3."""
    runner.SchedulerJobRunner._parallelism = Followed("_parallelism", follow)


def follow_conf(runner: ModuleType, follow: Follow) -> None:
    """Airflow 2."""
    runner.conf = FollowedConf(runner.conf, follow)  # type: ignore[attr-defined]
