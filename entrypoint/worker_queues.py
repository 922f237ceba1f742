"""Reads the worker queues from the JSON of `[astro_runtime] worker_queues`."""

from __future__ import annotations

import json

from entrypoint.errors import StartError, bad_value, truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrypoint.overrides import Override

COUNTS = ("worker_count", "min_worker_count", "max_worker_count")
FIELDS = ("name", *COUNTS, "worker_concurrency")
EXPECTED_FORMAT = (
    "a JSON list of worker queues, each an object with a name, a worker_count (or min_worker_count and "
    "max_worker_count) and, if it differs from [celery] worker_concurrency, a worker_concurrency"
)
MAX_COUNT = 1_000_000
MAX_TEXT = 1_000_000  # characters of the JSON
MAX_QUEUES = 1000
MAX_NAME = 255  # bytes: what AMQP allows; Airflow's column has 256 characters
MISSPELT = 0.84  # the similarity of two field names from which one counts as a misspelling of the other
MAX_NAMED = 10  # ignored fields that the note names


class WorkerQueue:
    """A Celery queue: its name, how many workers it may have, and how many tasks each of them runs.

    It starts with `initial_workers`. Its autoscaling stops at `max_workers`, which is None if it is not configured.
    `concurrency` is None if the queue uses [celery] worker_concurrency.
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
    """All configured worker queues, the location of their setting, and the fields that are not the Runtime's."""

    __slots__ = ("ignored", "location", "queues")

    def __init__(self, location: str, queues: list[WorkerQueue], ignored: Sequence[str] = ()) -> None:
        self.location = location
        self.queues = queues
        self.ignored = ignored

    @property
    def notes(self) -> list[str]:
        """The lines for the log: one, if there are fields that the Runtime ignores."""
        if not self.ignored:
            return []
        more = len(self.ignored) - MAX_NAMED
        names = ", ".join(truncate(name, 50) for name in self.ignored[:MAX_NAMED])
        return [f"{self.location}: ignored fields: {names}{f' and {more} more' if more > 0 else ''}"]


def read_queues(override: Override) -> WorkerQueues:
    """Parse the JSON of `[astro_runtime] worker_queues`. Raises StartError that says what is wrong in it."""
    location = override.location
    try:
        if len(override.text) > MAX_TEXT:
            raise ValueError
        entries = json.loads(override.text, object_pairs_hook=lambda pairs: _object(location, pairs))
    except (ValueError, RecursionError) as error:
        raise bad_value(location, override.text, EXPECTED_FORMAT) from error
    if not isinstance(entries, list):
        raise bad_value(location, override.text, EXPECTED_FORMAT)
    if len(entries) > MAX_QUEUES:
        raise StartError(f"{location} has {len(entries)} worker queues; it must have at most {MAX_QUEUES}")
    queues = [_queue(location, position, entry) for position, entry in enumerate(entries, 1)]
    duplicate = _duplicate([queue.name for queue in queues])
    if duplicate is not None:
        raise StartError(f"{location}: worker queue {duplicate!r} occurs twice; each name must be unique")
    ignored = dict.fromkeys(field for entry in entries for field in entry if field not in FIELDS)
    return WorkerQueues(location, queues, list(ignored))


def _object(location: str, pairs: list[tuple[str, object]]) -> dict[str, object]:
    duplicate = _duplicate([field for field, _ in pairs])
    if duplicate is not None:
        raise StartError(
            f"{location}: {truncate(duplicate)!r} occurs twice within one worker queue; each field must be unique"
        )
    return dict(pairs)


def _duplicate(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]


def _queue(location: str, position: int, entry: object) -> WorkerQueue:
    fields = ", ".join(FIELDS)
    if not isinstance(entry, dict):
        raise bad_value(
            f"{location}, worker queue {position}", str(entry), f"an object with the fields {fields}"
        )
    name = _name(entry)
    location = f"{location}, worker queue {position if name is None else repr(name)}"
    _refuse_misspelt(location, entry)
    if name is None:
        must_be = f"the name of a Celery queue, of at most {MAX_NAME} bytes"
        raise bad_value(f"{location}, name", str(entry.get("name")), must_be)
    for field in COUNTS:
        _number(location, field, entry, 0)
    workers = _workers(location, entry)
    counts = (entry[field] for field in ("worker_count", "min_worker_count") if field in entry)
    initial_workers = next(counts, workers)
    concurrency = _number(location, "worker_concurrency", entry, 1)
    return WorkerQueue(name, workers, concurrency, initial_workers, entry.get("max_worker_count"))


def _name(entry: dict[str, object]) -> str | None:
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        return None
    return name if len(name.encode()) <= MAX_NAME else None


def _refuse_misspelt(location: str, entry: dict[str, object]) -> None:
    """Refuse a misspelt field: what a deployment file has besides the known fields is ignored."""
    for field in entry:
        if field not in FIELDS and (meant := _meant(field)):
            fields = ", ".join(FIELDS)
            raise StartError(
                f"{location}: unknown field {field!r}; the fields are {fields}; did you mean {meant}?"
            )


def _meant(field: str) -> str | None:
    """Return the known field of which `field` is a misspelling."""
    from difflib import get_close_matches

    plain = {name.replace("_", ""): name for name in FIELDS}
    typed = field[:50].lower().replace("_", "").replace("-", "").replace(" ", "")
    return next((plain[match] for match in get_close_matches(typed, plain, 1, MISSPELT)), None)


def _workers(location: str, entry: dict[str, int]) -> int:
    """Return how many workers the queue may have; an autoscaled queue counts with its maximum."""
    maximum = entry.get("max_worker_count")
    for field in ("worker_count", "min_worker_count"):
        if maximum is not None and entry.get(field, 0) > maximum:
            raise StartError(f"{location}: {field} {entry[field]} is above max_worker_count {maximum}")
    for field in ("worker_count", "max_worker_count", "min_worker_count"):
        if field in entry:
            return entry[field]
    raise StartError(
        f"{location}: it has none of {', '.join(COUNTS)}; one of them must give the number of workers"
    )


def _number(location: str, field: str, entry: dict[str, object], minimum: int) -> int | None:
    value = entry.get(field)
    if field not in entry:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= MAX_COUNT:
        raise bad_value(f"{location}, {field}", str(value), f"a whole number from {minimum} to {MAX_COUNT}")
    return value
