"""Worker queues as the operator tells them: the JSON of `[astro_runtime] worker_queues`."""

from __future__ import annotations

import json

from entrypoint.errors import StartError, bad_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.overrides import Override

COUNTS = ("worker_count", "min_worker_count", "max_worker_count")
FIELDS = ("name", *COUNTS, "worker_concurrency")
EXPECTED_FORMAT = (
    "a JSON list of worker queues, each an object with a name, a worker_count (or min_worker_count and "
    "max_worker_count) and, if it differs from [celery] worker_concurrency, a worker_concurrency"
)
MAX_COUNT = 1_000_000


class WorkerQueue:
    """A Celery queue: its name, how many workers it may have, and how many tasks each worker takes.

    `first` is how many workers it starts with, `most` the largest count that its autoscaling may reach, or None
    where that is not told. `concurrency` is None where it is that of [celery] worker_concurrency.
    """

    __slots__ = ("concurrency", "initial_workers", "max_workers", "name", "workers")

    def __init__(
        self,
        name: str,
        workers: int,
        concurrency: int | None,
        initial_workers: int,
        max_workers: int | None = None,
    ) -> None:
        self.name = name
        self.workers = workers
        self.concurrency = concurrency
        self.initial_workers = initial_workers
        self.max_workers = max_workers


class WorkerQueues:
    """All worker queues that are told of, and under which name: `where`."""

    __slots__ = ("location", "queues")

    def __init__(self, location: str, queues: list[WorkerQueue]) -> None:
        self.location = location
        self.queues = queues


def read_queues(told: Override) -> WorkerQueues:
    """Read the JSON of `[astro_runtime] worker_queues`; raises StartError that says what is wrong in it."""
    try:
        entries = json.loads(told.text, object_pairs_hook=lambda pairs: _object(told.location, pairs))
    except (ValueError, RecursionError) as error:
        raise bad_value(told.location, told.text, EXPECTED_FORMAT) from error
    if not isinstance(entries, list):
        raise bad_value(told.location, told.text, EXPECTED_FORMAT)
    queues = [_queue(told.location, place, entry) for place, entry in enumerate(entries, 1)]
    names = [queue.name for queue in queues]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise StartError(
            f"{told.location}: worker queue {twice!r} stands in it twice; each name must be unique"
        )
    return WorkerQueues(told.location, queues)


def _object(where: str, pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = [field for field, _ in pairs]
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice is not None:
        raise StartError(
            f"{where}: {twice!r} stands in it twice within one worker queue; each field must be unique"
        )
    return dict(pairs)


def _queue(where: str, place: int, entry: object) -> WorkerQueue:
    if not isinstance(entry, dict):
        raise bad_value(
            f"{where}, worker queue {place}", str(entry), f"an object with the fields {', '.join(FIELDS)}"
        )
    name = _name(entry)
    where = f"{where}, worker queue {place if name is None else repr(name)}"
    unknown = next((field for field in entry if field not in FIELDS), None)
    if unknown is not None:
        raise StartError(f"{where}: unknown field {unknown!r}; the fields are {', '.join(FIELDS)}")
    if name is None:
        raise bad_value(f"{where}, name", str(entry.get("name")), "the name of a Celery queue")
    for field in COUNTS:
        _whole(where, field, entry, 0)
    workers, concurrency = _workers(where, entry), _whole(where, "worker_concurrency", entry, 1)
    told = [entry[field] for field in ("worker_count", "min_worker_count") if field in entry]
    first = told[0] if told else workers
    return WorkerQueue(name, workers, concurrency, first, entry.get("max_worker_count"))


def _name(entry: dict[str, object]) -> str | None:
    name = entry.get("name")
    return name if isinstance(name, str) and name.strip() and name.isprintable() else None


def _workers(where: str, entry: dict[str, int]) -> int:
    """Return how many workers the queue may have: an autoscaled queue needs room for its largest count."""
    least, most = entry.get("min_worker_count"), entry.get("max_worker_count")
    for field in ("worker_count", "min_worker_count"):
        if most is not None and entry.get(field, 0) > most:
            raise StartError(f"{where}: {field} {entry[field]} is above max_worker_count {most}")
    for count in (entry.get("worker_count"), most, least):
        if count is not None:
            return count
    raise StartError(
        f"{where}: it has none of {', '.join(COUNTS)}; one of them must say how many workers run"
    )


def _whole(where: str, field: str, entry: dict[str, object], least: int) -> int | None:
    value = entry.get(field)
    if field not in entry:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_COUNT:
        raise bad_value(f"{where}, {field}", str(value), f"a whole number from {least} to {MAX_COUNT}")
    return value
