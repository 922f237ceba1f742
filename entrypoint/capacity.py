"""Calculates how many tasks may run at once: over all worker queues (parallelism), and on one Celery worker."""

from __future__ import annotations

from entrypoint.config_values import MAX_VALUE
from entrypoint.errors import StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from entrypoint.host_limits import HostLimits
    from entrypoint.worker_queues import WorkerQueues

CELERY_EXECUTOR, HYBRID_EXECUTOR = "CeleryExecutor", "CeleryKubernetesExecutor"
TASKS_PER_CORE = 5
MEMORY_PER_TASK = 384  # MiB: what a task's process needs, with Airflow imported and some work of its own
MIB = 1024 * 1024


class Calculation:
    """A number of tasks and how it was calculated; `value` is None if it cannot be calculated."""

    __slots__ = ("value", "why")

    def __init__(self, value: int | None, why: str) -> None:
        self.value = value
        self.why = why


def parallelism(queues: WorkerQueues | None, executor: str, concurrency: int) -> Calculation:
    """Calculate the parallelism from the worker queues or, without a worker in them, from the executor.

    `concurrency` is [celery] worker_concurrency, in tasks per worker. Raises StartError for more tasks than can run.
    """
    if queues:
        total = _total(
            (queue.workers, queue.concurrency or concurrency, queue.name) for queue in queues.queues
        )
        if total.value and total.value > MAX_VALUE:
            raise StartError(
                f"{queues.location} adds up to {total.value} tasks over all worker queues;"
                f" it must be at most {MAX_VALUE}"
            )
        if total.value:
            return total
    if is_local(executor):
        return Calculation(concurrency, f"1×{concurrency} LocalExecutor")
    missing = "has no workers" if queues else "is not configured"
    return Calculation(None, f"{executor}, and [astro_runtime] worker_queues {missing}")


def initial_limit(queues: WorkerQueues | None, concurrency: int) -> Calculation:
    """Calculate the limit before any worker has answered, from the workers that each queue starts with."""
    return _total(
        (queue.initial_workers, queue.concurrency or concurrency, queue.name)
        for queue in (queues.queues if queues else ())
    )


def max_limit(queues: WorkerQueues | None, concurrency: int) -> int | None:
    """Return the most tasks that the queues can ever run, or None unless each has a max_worker_count.

    `concurrency` applies to a queue without a worker_concurrency: [celery] worker_concurrency, or what the workers
    report.
    """
    if not queues or not queues.queues or any(queue.max_workers is None for queue in queues.queues):
        return None
    return (
        sum((queue.max_workers or 0) * (queue.concurrency or concurrency) for queue in queues.queues) or None
    )


def worker_concurrency(host: HostLimits) -> Calculation:
    """Calculate how many tasks a worker runs at once: as many as its CPUs can run and its memory can hold.

    What is unknown does not count; the value is None if both are.
    """
    bounds = _worker_bounds(host)
    if not bounds:
        return Calculation(None, host.warning)
    tasks, why = min(bounds, key=lambda bound: bound[0])
    if why != bounds[0][1]:
        why = f"{why}, which is less than {bounds[0][1]}"
    why = f"{why}; {host.warning}" if host.warning else why
    return Calculation(max(1, tasks), why if tasks else f"{why}, and at least 1")


def _worker_bounds(host: HostLimits) -> list[tuple[int, str]]:
    """Return how many tasks the CPUs can run and how many the memory can hold, each with its calculation."""
    bounds = []
    if host.cores is not None:
        cores = f"{TASKS_PER_CORE} tasks × {host.cores:g} core{'s' * (host.cores != 1)}"
        bounds.append((int(TASKS_PER_CORE * host.cores), cores))
    if host.memory is not None:
        memory = f"{host.memory // MIB} MiB of memory ÷ {MEMORY_PER_TASK} MiB a task"
        bounds.append((host.memory // (MEMORY_PER_TASK * MIB), memory))
    return bounds


def is_local(executor: str) -> bool:
    """Whether every task runs on the scheduler's machine, with LocalExecutor alone."""
    return executor_names(executor) == {"LocalExecutor"}


def uses_celery(executor: str) -> bool:
    """Whether tasks run on Celery, with an executor of Celery's alone or as one of several."""
    return uses("Celery", executor)


def uses(kind: str, executor: str) -> bool:
    """Whether an executor of a kind, such as `Kubernetes`, is the executor or one of several."""
    return any(kind in name for name in executor_names(executor))


def executor_names(text: str) -> set[str]:
    """Return the class names in `[core] executor`, which accepts `A,B`, `alias:path.to.A` and `team=A;B`."""
    entries = text.replace(";", ",").split(",")
    paths = (entry.rpartition("=")[2].strip().rpartition(":")[2] for entry in entries)
    return {path.rpartition(".")[2] for path in paths if path}


def _total(parts: Iterable[tuple[int, int, str]]) -> Calculation:
    """Add up (workers, tasks per worker, queue name); without a worker the value is None."""
    rows = list(parts)
    tasks = sum(workers * concurrency for workers, concurrency, _ in rows)
    why = " + ".join(f"{workers}×{concurrency} {name}" for workers, concurrency, name in rows)
    return Calculation(tasks or None, why)
