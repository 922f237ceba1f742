"""Running Celery workers, and the bound that follows from them. Pure, but for the clock that is handed in."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from entrypoint.capacity import Calculation

WORKER_TIMEOUT = 15.0  # a worker that has not answered for so long has gone
HOLD_SECONDS = 120.0  # how long the last bound stands where no worker answers
LOST_TASK_MEMORY = 3600.0  # how long a task is remembered that no worker runs any more
MaxLimit = Callable[[int], "int | None"]


class Worker(NamedTuple):
    """A Celery worker: its node name, how many tasks it takes at once, and the queues that it takes them from."""

    name: str
    pool: int
    queues: tuple[str, ...]


def pool_size(stats: Mapping[str, Any]) -> int:
    """Return how many tasks a worker can take at once, of its answer to Celery's `inspect stats`.

    With an autoscaler it is the largest: Celery lets a pool grow once it has more tasks than processes, so a bound
    at the present size would keep it there. Source: celery/worker/autoscale.py and celery/concurrency/prefork.py.
    """
    scaled = (stats.get("autoscaler") or {}).get("max")
    pool = stats.get("pool") or {}
    if scaled is not None:
        return int(scaled)
    processes = pool.get("processes")
    return len(processes) if processes else int(pool.get("max-concurrency") or 0)


def sum_pools(workers: Iterable[Worker]) -> Calculation:
    """Sum the pools of the workers that take tasks from some queue: how many of each size, by their queues."""
    counted = Counter((", ".join(worker.queues), worker.pool) for worker in workers if worker.queues)
    terms = [f"{count}×{pool} {queues}" for (queues, pool), count in sorted(counted.items())]
    return Calculation(sum(pool * count for (_, pool), count in counted.items()), " + ".join(terms))


class LimitSnapshot(NamedTuple):
    """What follows from the answers: the bound with its arithmetic, and the tasks that do not count, by their ids."""

    bound: Calculation
    lost: frozenset[str] = frozenset()


class LimitState:
    """How many tasks may run at once on the Celery workers, and why.

    `floor` is the bound before the first answer, and again where no worker has answered for HELD_SECONDS. `ceiling`
    returns the most tasks for workers of which the largest takes so many at once; None where there is no such bound.
    `clock` returns seconds. A thread may read `heard` while another one hears.
    """

    def __init__(
        self, initial: Calculation, max_limit: MaxLimit, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.initial = initial
        self.max_limit = max_limit
        self.snapshot = LimitSnapshot(initial)
        self._clock = clock
        self._seen: dict[str, tuple[Worker, float]] = {}
        self._ran: dict[str, float] = {}
        self._answered = clock()

    @property
    def limit(self) -> Calculation:
        """The bound with its arithmetic."""
        return self.snapshot.bound

    @property
    def value(self) -> int:
        """The bound, in tasks; at least 1."""
        return self.limit.value or 1

    @property
    def workers(self) -> list[Worker]:
        """The workers that have answered in the last GONE_SECONDS, by name."""
        return [worker for _, (worker, _) in sorted(self._seen.items())]

    def update(self, workers: Iterable[Worker], active: Collection[str] = ()) -> bool:
        """Take in one round of answers: the workers and what they run; return whether the bound is another now."""
        now, before = self._clock(), self.limit
        self._seen.update({worker.name: (worker, now) for worker in workers})
        self._seen = {name: entry for name, entry in self._seen.items() if now - entry[1] < WORKER_TIMEOUT}
        lost = self._lost(frozenset(active), now)
        summed = sum_pools(self.workers)
        if summed.value:
            self._answered = now
            self.snapshot = LimitSnapshot(self._under_ceiling(summed), lost)
        elif now - self._answered >= HOLD_SECONDS:
            self.snapshot = LimitSnapshot(self.initial)
        else:
            self.snapshot = LimitSnapshot(before)
        return (self.limit.value, self.limit.why) != (before.value, before.why)

    def hold(self) -> None:
        """Take in a round in which the broker was away: no worker has gone by that, nor has one been silent."""
        now = self._clock()
        self._answered = now
        self._seen = {name: (worker, now) for name, (worker, _) in self._seen.items()}
        self._ran = dict.fromkeys(self._ran, now)

    def _lost(self, active: frozenset[str], now: float) -> frozenset[str]:
        """Return the tasks that a worker ran a while ago, and none runs now: it has gone, or is another by that name.

        Airflow takes them for running until it hears of them, or gives them up.
        """
        self._ran = {one: at for one, at in self._ran.items() if now - at < LOST_TASK_MEMORY}
        self._ran.update(dict.fromkeys(active, now))
        return frozenset(one for one, at in self._ran.items() if now - at >= WORKER_TIMEOUT)

    def _under_ceiling(self, summed: Calculation) -> Calculation:
        most = self.max_limit(max(worker.pool for worker in self.workers))
        if most is None or (summed.value or 0) <= most:
            return summed
        why = f"{summed.why} = {summed.value}, no more than the {most} of max_worker_count"
        return Calculation(most, why)
