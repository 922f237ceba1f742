"""The running Celery workers and the limit that follows from them. No I/O, except for the clock that is passed in."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from astro_runtime_plugin.options.text import printable
from astro_runtime_plugin.parallelism.bounds import MAX_LOST_TASKS, MAX_POOL, MAX_QUEUES, MAX_WHY
from entrypoint.capacity import Calculation

WORKER_TIMEOUT = 15.0  # a worker that has not answered for this long is gone
HOLD_SECONDS = 120.0  # how long the last limit is held while no worker answers
LOST_TASK_MEMORY = 3600.0  # how long a task that no worker runs any more is remembered
Name = Annotated[str, AfterValidator(printable)]
MaxLimit = Callable[[int], "int | None"]


class Worker(NamedTuple):
    """A Celery worker: its node name, how many tasks it runs at once, and the queues that it takes them from.

    The annotations are checked where a worker is read from the state table.
    """

    name: Name
    pool: Annotated[int, Field(ge=0, le=MAX_POOL)]
    queues: Annotated[tuple[Name, ...], Field(max_length=MAX_QUEUES)]


def sum_pools(workers: Iterable[Worker]) -> Calculation:
    """Sum the pools of the workers that have a queue; the calculation groups them by size and queues."""
    counted = Counter(
        (", ".join(worker.queues), min(max(worker.pool, 0), MAX_POOL)) for worker in workers if worker.queues
    )
    terms = [f"{count}×{pool} {queues}" for (queues, pool), count in sorted(counted.items())]
    return Calculation(sum(pool * count for (_, pool), count in counted.items()), join_terms(terms))


def join_terms(terms: Sequence[str]) -> str:
    """Return the sum of the terms as text, with as many of them as fit into MAX_WHY characters."""
    ends = [*accumulate(len(term) + len(" + ") for term in terms)]
    fitting = bisect_right(ends, MAX_WHY)
    left = len(terms) - fitting
    return " + ".join([*terms[:fitting], *([f"{left} more kinds of workers"] if left else [])])


class LimitSnapshot(NamedTuple):
    """The limit with its calculation, and the ids of the lost tasks, which do not count towards it."""

    calculation: Calculation
    lost: frozenset[str] = frozenset()


class LimitState:
    """How many tasks may run at once on the Celery workers, and why.

    `initial` is the limit before the first answer, and again when no worker has answered for HOLD_SECONDS.
    `max_limit` returns the maximum for a largest worker of a given pool size, or None if there is no maximum.
    `clock` returns seconds. One thread may read `snapshot` while another one calls `update`.
    """

    def __init__(
        self, initial: Calculation, max_limit: MaxLimit, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.initial = initial
        self.max_limit = max_limit
        self.snapshot = LimitSnapshot(initial)
        self._clock = clock
        self._workers: dict[str, tuple[Worker, float]] = {}  # with the time of the last answer
        self._last_run: dict[str, float] = {}  # by task: when a worker last ran it
        self._last_answer = clock()

    @property
    def calculation(self) -> Calculation:
        """The limit with its calculation."""
        return self.snapshot.calculation

    @property
    def value(self) -> int:
        """The limit in tasks; at least 1."""
        return self.calculation.value or 1

    @property
    def workers(self) -> list[Worker]:
        """The workers that answered within WORKER_TIMEOUT, by name."""
        return [worker for _, (worker, _) in sorted(self._workers.items())]

    def update(self, workers: Iterable[Worker], active: Collection[str] = ()) -> bool:
        """Process one round of answers: the workers and the tasks they run. Return whether the limit has changed."""
        now, before = self._clock(), self.calculation
        self._workers.update({worker.name: (worker, now) for worker in workers})
        self._workers = {
            name: entry for name, entry in self._workers.items() if now - entry[1] < WORKER_TIMEOUT
        }
        lost = self._find_lost(frozenset(active), now)
        total = sum_pools(self.workers)
        if total.value:
            self._last_answer = now
            self.snapshot = LimitSnapshot(self._cap(total), lost)
        elif now - self._last_answer >= HOLD_SECONDS:
            self.snapshot = LimitSnapshot(self.initial)
        else:
            self.snapshot = LimitSnapshot(before)
        return (self.calculation.value, self.calculation.why) != (before.value, before.why)

    def hold(self) -> None:
        """Process a round in which the broker did not answer: no worker counts as gone or silent because of it."""
        now = self._clock()
        self._last_answer = now
        self._workers = {name: (worker, now) for name, (worker, _) in self._workers.items()}
        self._last_run = dict.fromkeys(self._last_run, now)

    def _find_lost(self, active: frozenset[str], now: float) -> frozenset[str]:
        """Return the tasks that no worker has run for WORKER_TIMEOUT: their worker is gone or has restarted.

        Airflow counts such a task as running until it receives a result or gives the task up.
        """
        remembered = {
            task: ran_at
            for task, ran_at in self._last_run.items()
            if task not in active and now - ran_at < LOST_TASK_MEMORY
        }
        # The latest ones come last.
        kept = [*remembered.items(), *dict.fromkeys(active, now).items()][-MAX_LOST_TASKS:]
        self._last_run = dict(kept)
        return frozenset(task for task, ran_at in self._last_run.items() if now - ran_at >= WORKER_TIMEOUT)

    def _cap(self, total: Calculation) -> Calculation:
        maximum = self.max_limit(min(max(worker.pool for worker in self.workers), MAX_POOL))
        if maximum is None or (total.value or 0) <= maximum:
            return total
        why = f"{total.why} = {total.value}, no more than the {maximum} of max_worker_count"
        return Calculation(maximum, why)
