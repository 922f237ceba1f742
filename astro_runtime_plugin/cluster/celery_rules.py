"""Whether the Celery workers let a rolling upgrade go on, from the facts. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from astro_runtime_plugin.cluster.facts import OverdueQueue
from astro_runtime_plugin.cluster.finding import ClusterFinding
from astro_runtime_plugin.component import CELERY_WORKER
from astro_runtime_plugin.parallelism.limit import Worker
from astro_runtime_plugin.releases.running_image import RunningImage

WORKERS, QUEUES = "workers", "queues"
MAX_NAMED = 6  # workers, images or queues in a finding
UNKNOWN_IMAGE = "an unknown or older image"  # of a worker that does not name its image
Images = Mapping[str, RunningImage]


def judge_workers(
    workers: Sequence[Worker],
    problem: str,
    unclear: Collection[str] = (),
    images: Images = MappingProxyType({}),
) -> ClusterFinding:
    """Judge the Celery workers that answered; one that consumes no queue is draining. `problem` is why none did.

    `unclear` are the names of those that did not reply to every question, or not validly: they may be draining.
    `images` has the image of each worker that names one.
    """
    if problem:
        remedy = "ask again when the broker answers; if workers cannot be queried at all, look at their logs"
        return ClusterFinding(WORKERS, "unknown", problem, remedy)
    if not workers and not unclear:
        return ClusterFinding(WORKERS, "not safe", f"no {CELERY_WORKER} answers", "start a worker")
    draining = sorted(worker.name for worker in workers if not worker.queues)
    if draining:
        text = f"workers that take no new task: {len(draining)} of {len(workers)} ({_name(draining)})"
        return ClusterFinding(
            WORKERS, "not safe", text, "wait until they have finished their tasks and ended"
        )
    if unclear:
        text = f"workers without a valid reply: {len(unclear)} ({_name(sorted(unclear))})"
        remedy = "ask again; `astro-runtime workers` says what is wrong with an invalid reply"
        return ClusterFinding(WORKERS, "unknown", text, remedy)
    counts = [f"{len(names)} with {image}" for image, names in _by_image(workers, images)]
    return ClusterFinding(WORKERS, "ok", f"workers that take tasks: {_name(counts)}")


def judge_worker_images(workers: Iterable[Worker], images: Images) -> Iterator[ClusterFinding]:
    """Judge the images of the workers with the same queues: another queue may need another image."""
    kinds: dict[tuple[str, ...], list[Worker]] = {}
    for worker in workers:
        kinds.setdefault(worker.queues, []).append(worker)
    for queues, members in sorted(kinds.items()):
        by_image = _by_image(members, images)
        if queues and len(by_image) > 1:
            members_of = [f"{_name(names)} with {image}" for image, names in by_image]
            text = f"different images take tasks of {_name(queues)}: {_name(members_of, '; ')}"
            yield ClusterFinding(
                WORKERS, "not safe", text, "replace the old ones, or wait until they have ended"
            )


def _by_image(workers: Iterable[Worker], images: Images) -> list[tuple[str, list[str]]]:
    """Return each image with the names of its workers, both sorted."""
    names: dict[str, list[str]] = {}
    for worker in workers:
        names.setdefault(str(images.get(worker.name, UNKNOWN_IMAGE)), []).append(worker.name)
    return [(image, sorted(members)) for image, members in sorted(names.items())]


def judge_running(hosts: Mapping[str, str]) -> Iterator[ClusterFinding]:
    """Judge the running tasks that no worker that answered runs; `hosts` has the host of each.

    After SIGTERM a worker finishes its tasks, and answers nobody any more.
    """
    if hosts:
        names = sorted({host or "an unknown host" for host in hosts.values()})
        text = f"tasks that run on workers that do not answer: {len(hosts)} ({_name(names)})"
        remedy = (
            "wait until they have ended: a worker that stops finishes its tasks; those of a lost one fail"
        )
        yield ClusterFinding(WORKERS, "not safe", text, remedy)


def judge_queues(
    overdue: Iterable[OverdueQueue],
    workers: Iterable[Worker] | None,
    seconds: float,
    is_complete: bool = True,
    active: int | None = None,
) -> Iterator[ClusterFinding]:
    """Judge the Celery queues with tasks that wait for over `seconds`; `workers` is None if they could not be asked.

    Unless `is_complete`, there may be workers whose queues are not known. `active` is how many tasks all workers run;
    None if that is not known.
    """
    slots = None if workers is None else _sum_slots(workers)
    waiting = sorted(overdue)
    for queue in waiting:
        text = f"tasks in the queue {queue.queue}: {queue.tasks}, waiting for up to {queue.seconds:.0f} s"
        if slots is None:
            yield ClusterFinding(QUEUES, "unknown", text, "ask again when the workers answer")
        elif queue.queue not in slots and not is_complete:
            text += "; no worker with a valid reply takes tasks from it"
            yield ClusterFinding(QUEUES, "unknown", text, "ask again when all workers reply")
        elif queue.queue not in slots:
            text += "; no worker takes tasks from it"
            yield ClusterFinding(QUEUES, "not safe", text, f"start a worker with `--queues {queue.queue}`")
        elif _are_idle(slots[queue.queue], active):
            text += f"; its workers could run {slots[queue.queue]} tasks, but all workers run only {active}"
            remedy = "look at the logs of its workers and of the schedulers: messages may be lost, or are not taken"
            yield ClusterFinding(QUEUES, "not safe", text, remedy)
        else:
            yield ClusterFinding(QUEUES, "ok", f"{text}; its workers are busy")
    if not waiting:
        yield ClusterFinding(QUEUES, "ok", f"no task waits for over {seconds:.0f} s for a worker")


def _are_idle(slots: int, active: int | None) -> bool:
    """Whether more than half of a queue's slots are free: between two tasks, one is free for a moment."""
    return active is not None and 2 * active < slots


def _sum_slots(workers: Iterable[Worker]) -> Counter[str]:
    """Return how many tasks the workers of each queue can run at once."""
    slots: Counter[str] = Counter()
    for worker in workers:
        slots.update(dict.fromkeys(worker.queues, worker.pool))
    return slots


def _name(names: Sequence[str], separator: str = ", ") -> str:
    more = len(names) - MAX_NAMED
    return separator.join([*names[:MAX_NAMED], *([f"{more} more"] if more > 0 else [])])
