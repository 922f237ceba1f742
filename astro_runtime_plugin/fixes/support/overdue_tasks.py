"""Which tasks an executor has had for too long, and how often each has been queued again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.queued_tasks import queue_again

QUEUED_SECONDS = 60.0  # after which a task is overdue
MAX_REPEATS = 3  # of a task's try; then Airflow's timeout applies


class OverdueTasks:
    """The tasks of one executor, which are overdue after `seconds`. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.seconds = QUEUED_SECONDS
        self._since: dict[Any, float] = {}  # by key: when the executor was first seen to have it
        self._repeats: Counter[Any] = Counter()

    def update(self, executor: Any, keys: Collection[Any]) -> None:
        """Note which tasks the executor has now, and forget those that are gone."""
        now = self._clock()
        self._since = {key: self._since.get(key, now) for key in keys}
        gone = [key for key in self._repeats if key not in self._since and key not in executor.queued_tasks]
        for key in gone:
            del self._repeats[key]

    def keys(self) -> set[Any]:
        """Return the keys of the tasks that are overdue and may be queued again."""
        end = self._clock() - self.seconds
        return {
            key for key, since in self._since.items() if since <= end and self._repeats[key] < MAX_REPEATS
        }

    def queue_again(self, executor: Any, task: Any) -> None:
        """Queue a task again and count it. The task's session must be open."""
        queue_again(executor, task)
        self._repeats[task.key] += 1
        self._since.pop(task.key, None)


class Reconciler(Protocol):
    """Looks for what the tasks of one executor have lost."""

    def step(self, executor: Any) -> None:
        """Do what is due, without waiting for anything but the database."""


Reconcilers = WeakKeyDictionary[Any, Any]


def step_after_sync(
    fix_id: str, reconcilers: Reconcilers, create: Callable[[], Reconciler]
) -> Callable[..., Callable[[Any], None]]:
    """Return what wraps an executor's `sync`, which each of the scheduler's loops calls: each has one reconciler."""

    def step(executor: Any) -> None:
        if executor not in reconcilers:
            reconcilers[executor] = create()
        reconcilers[executor].step(executor)

    def reconcile(sync: Callable[[Any], None]) -> Callable[[Any], None]:
        @wraps(sync)
        def sync_and_reconcile(executor: Any) -> None:
            sync(executor)
            attempt(fix_id, None, step, executor)

        return sync_and_reconcile

    return reconcile
