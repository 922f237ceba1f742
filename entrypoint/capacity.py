"""Parallelism from worker queues (running workers over all of them × tasks per worker), and a worker's tasks."""

from __future__ import annotations

from entrypoint.config_values import MAX_VALUE
from entrypoint.errors import StartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.host_limits import HostLimits
    from entrypoint.worker_queues import WorkerQueues

TASKS_PER_CORE = 5
MEMORY_PER_TASK = 384  # MiB: what a task's process, with Airflow imported and some work of its own, needs
MIB = 1024 * 1024


class Calculation:
    """A parallelism and how it came about; `value` is None while the workers are not known."""

    __slots__ = ("value", "why")

    def __init__(self, value: int | None, why: str) -> None:
        self.value = value
        self.why = why


def parallelism(told: WorkerQueues | None, executor: str, concurrency: int) -> Calculation:
    """Work parallelism out from what is told of the worker queues, else from the executor.

    `concurrency` is [celery] worker_concurrency, in tasks a worker. Raises StartError for more than can run.
    """
    if told:
        parts = [(queue.workers, queue.concurrency or concurrency, queue.name) for queue in told.queues]
        tasks = sum(workers * each for workers, each, _ in parts)
        if tasks > MAX_VALUE:
            raise StartError(
                f"{told.location} tells of {tasks} tasks over all worker queues; at most {MAX_VALUE} can run"
            )
        if tasks:
            return Calculation(tasks, " + ".join(f"{workers}×{each} {name}" for workers, each, name in parts))
    return from_executor(executor, concurrency)


def initial_limit(told: WorkerQueues | None, concurrency: int) -> Calculation:
    """Work out the bound before any worker has answered: `worker_count`, else `min_worker_count`, of each queue."""
    parts = (
        [(queue.initial_workers, queue.concurrency or concurrency, queue.name) for queue in told.queues]
        if told
        else []
    )
    tasks = sum(workers * each for workers, each, _ in parts)
    return Calculation(tasks or None, " + ".join(f"{workers}×{each} {name}" for workers, each, name in parts))


def max_limit(told: WorkerQueues | None, concurrency: int) -> int | None:
    """Return the most tasks that the queues can ever take; None unless each tells its max_worker_count.

    `concurrency` counts for the queues that tell none: [celery] worker_concurrency, or what the workers report.
    """
    if not told or not told.queues or any(queue.max_workers is None for queue in told.queues):
        return None
    return sum((queue.max_workers or 0) * (queue.concurrency or concurrency) for queue in told.queues) or None


def from_executor(executor: str, concurrency: int) -> Calculation:
    """Answer while no worker is told of: this is the place where running workers come in."""
    if is_local(executor):
        return Calculation(concurrency, f"1×{concurrency} LocalExecutor")
    return Calculation(None, f"{executor}, and [astro_runtime] worker_queues tells of no worker")


def worker_concurrency(host: HostLimits) -> Calculation:
    """Work out how many tasks a worker takes at once: what its CPUs can run, and no more than its memory holds."""
    by_cores, by_memory = int(TASKS_PER_CORE * host.cores), int(host.memory // (MEMORY_PER_TASK * MIB))
    cores = f"{TASKS_PER_CORE} tasks × {host.cores:g} core{'s' * (host.cores != 1)}"
    memory = f"{host.memory // MIB} MiB of memory ÷ {MEMORY_PER_TASK} MiB a task"
    why = cores if by_cores <= by_memory else f"{memory}, which is less than {cores}"
    return Calculation(
        max(1, min(by_cores, by_memory)), f"{why}, and at least 1" if min(by_cores, by_memory) < 1 else why
    )


def is_local(executor: str) -> bool:
    """Whether every task runs on the scheduler's own machine, with LocalExecutor alone."""
    return executor_names(executor) == {"LocalExecutor"}


def executor_names(text: str) -> set[str]:
    """Return the class names in `[core] executor`: `A,B`, `alias:path.to.A` and `team=A;B` all occur."""
    entries = text.replace(";", ",").split(",")
    paths = (entry.rpartition("=")[2].strip().rpartition(":")[2] for entry in entries)
    return {path.rpartition(".")[2] for path in paths if path}
