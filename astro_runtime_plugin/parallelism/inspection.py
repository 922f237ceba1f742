"""One round of questions to the Celery workers; each worker's replies are checked by themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from astro_runtime_plugin.options.text import MAX_NAME_LENGTH, printable
from astro_runtime_plugin.parallelism.bounds import (
    MAX_INVALID,
    MAX_NAMES,
    MAX_POOL,
    MAX_TASKS,
    MAX_WORKERS,
)
from astro_runtime_plugin.parallelism.limit import Worker
from astro_runtime_plugin.parallelism.replies import (
    InvalidReplyError,
    Stats,
    read_is_airflow,
    read_queues,
    read_stats,
    read_tasks,
)
from astro_runtime_plugin.releases.running_image import RunningImage

T = TypeVar("T")


class CachedWorker(NamedTuple):
    """What later rounds need to know about a worker; `pid` is None if the worker does not report it."""

    pid: int | None
    is_airflow: bool
    tasks: tuple[str, ...] = ()


class Inspection:
    """A round. `cached` are the workers of the round before, and afterwards those of this one.

    `ask(command, workers, **arguments)` returns replies by worker; without `workers`, the question is for all.
    `invalid` has a reason for each worker that sent an invalid reply; `silent` are those that replied to the first
    question, and not to a later one. `images` has the image of each worker that names one.
    """

    def __init__(self, ask: Callable[..., Mapping[str, Any]], cached: Mapping[str, CachedWorker]) -> None:
        self._ask = ask
        self.cached = cached
        self.invalid: dict[str, str] = {}
        self.silent: set[str] = set()
        self.images: dict[str, RunningImage] = {}

    def query(self) -> tuple[list[Worker], list[str]]:
        """Return the workers of Airflow's and the ids of the tasks that they run."""
        stats = self._read(self._limit_workers(self._ask("stats")), read_stats)
        self.cached = self._recognize(stats)
        names = [name for name in stats if name in self.cached and self.cached[name].is_airflow]
        if not names:
            return [], []
        queues = self._read(self._ask_each("active_queues", names), read_queues)
        # `safe` cuts the arguments.
        running = self._read(self._ask_each("active", names, safe=True), read_tasks)
        self._remember_tasks(running)
        workers = {name: self._worker(name, stats[name], queues[name]) for name in names if name in queues}
        kept = self._limit_names(workers)
        self.images = {workers[name].name: image for name in kept if (image := stats[name].image)}
        tasks = (task for name in kept for task in self.cached[name].tasks)
        return [workers[name] for name in kept], [*islice(tasks, MAX_TASKS)]

    def _recognize(self, stats: Mapping[str, Stats]) -> dict[str, CachedWorker]:
        """Determine which workers are Airflow's; each worker process is queried once."""
        same = {
            name: self.cached[name]
            for name, answer in stats.items()
            if name in self.cached and self.cached[name].pid == answer.pid
        }
        new = [name for name in stats if name not in same]
        answers = self._read(self._ask_each("registered", new), read_is_airflow) if new else {}
        return same | {name: CachedWorker(stats[name].pid, answer) for name, answer in answers.items()}

    def _remember_tasks(self, running: Mapping[str, list[str]]) -> None:
        """Remember the running tasks; a worker that did not reply is assumed to run the same as before."""
        self.cached = {
            name: worker._replace(tasks=tuple(running[name][:MAX_POOL])) if name in running else worker
            for name, worker in self.cached.items()
        }

    def _worker(self, name: str, stats: Stats, queues: tuple[str, ...]) -> Worker:
        if stats.pool_size > MAX_POOL:
            self._add_invalid(name, f"more than {MAX_POOL} tasks at once; {MAX_POOL} count")
        return Worker(printable(name), min(stats.pool_size, MAX_POOL), queues)

    def _ask_each(self, command: str, names: Collection[str], **arguments: object) -> dict[str, Any]:
        replies = self._ask(command, names, **arguments)
        self.silent.update(printable(name) for name in names if name not in replies)
        return {name: replies[name] for name in names if name in replies}

    def _read(self, replies: Mapping[str, Any], read: Callable[[Any], T]) -> dict[str, T]:
        """Return the valid replies by worker."""
        results: dict[str, T] = {}
        for name, reply in replies.items():
            try:
                results[name] = read(reply)
            except InvalidReplyError as error:
                self._add_invalid(name, str(error))
        return results

    def _limit_workers(self, replies: Mapping[str, Any]) -> dict[str, Any]:
        """Return the replies that can be processed, sorted by worker."""
        names = sorted(name for name in replies if isinstance(name, str))
        for name in (name for name in names if len(name) > MAX_NAME_LENGTH):
            self._add_invalid(name, f"a name of more than {MAX_NAME_LENGTH} characters")
        names = [name for name in names if len(name) <= MAX_NAME_LENGTH]
        for name in names[MAX_WORKERS:]:
            self._add_invalid(name, f"there are more than {MAX_WORKERS} workers")
        return {name: replies[name] for name in names[:MAX_WORKERS]}

    def _limit_names(self, workers: Mapping[str, Worker]) -> Collection[str]:
        """Return the names of the workers that fit into MAX_NAMES."""
        kept, size = [], 0
        for name, worker in workers.items():
            size += len(worker.name) + sum(map(len, worker.queues))
            if size <= MAX_NAMES:
                kept.append(name)
            else:
                self._add_invalid(
                    name, f"the names of all workers and queues have over {MAX_NAMES} characters"
                )
        return kept

    def _add_invalid(self, name: str, reason: str) -> None:
        if len(self.invalid) < MAX_INVALID:
            self.invalid.setdefault(printable(name), reason)
