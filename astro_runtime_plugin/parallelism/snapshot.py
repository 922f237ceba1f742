"""What a scheduler writes down of the workers, and what the API and `astro-runtime workers` make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from astro_runtime_plugin.database import state
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from entrypoint.record import ResolvedSetting

KIND = "parallelism"
FRESH_SECONDS = 60.0  # a scheduler that has written nothing for so long has gone
PARALLELISM = "AIRFLOW__CORE__PARALLELISM"


class RunningWorker(BaseModel):
    """A running Celery worker: its node name and how many tasks it takes at once."""

    name: str
    pool: int


class Queue(BaseModel):
    """A worker queue, the workers that take tasks from it, and how many tasks they take at once."""

    name: str
    workers: list[RunningWorker]
    pool: int


class SchedulerLimit(BaseModel):
    """The bound that a scheduler goes by, in tasks, and its arithmetic."""

    scheduler: str
    parallelism: int
    why: str


class Workers(BaseModel):
    """The answer to `GET /astro-runtime/api/workers`.

    `parallelism` is the setting, with its origin; `schedulers` are those that follow the workers.
    """

    parallelism: str
    origin: str
    why: str
    schedulers: list[SchedulerLimit]
    queues: list[Queue]


def to_record(bound: LimitState) -> dict[str, Any]:
    """Return what a scheduler writes down."""
    return {"parallelism": bound.value, "why": bound.limit.why, "workers": bound.workers}


def queues(workers: Iterable[Worker]) -> list[Queue]:
    """Return the workers by queue; one that takes from several queues stands in each."""
    found: dict[str, list[RunningWorker]] = {}
    for worker in workers:
        for queue in worker.queues:
            found.setdefault(queue, []).append(RunningWorker(name=worker.name, pool=worker.pool))
    return [
        Queue(name=name, workers=sorted(there, key=lambda one: one.name), pool=sum(one.pool for one in there))
        for name, there in sorted(found.items())
    ]


def summarize(
    settings: Iterable[ResolvedSetting],
    records: Mapping[str, Mapping[str, Any]],
    asked: Iterable[Worker] | None = None,
) -> Workers:
    """Return what is shown: the setting, the bounds in force, and the workers that were asked or written down."""
    setting = next((one for one in settings if one.documented == PARALLELISM), None)
    schedulers = [
        SchedulerLimit(scheduler=name, parallelism=told["parallelism"], why=told["why"])
        for name, told in sorted(records.items())
    ]
    if asked is None:
        asked = {
            row[0]: Worker(row[0], row[1], tuple(row[2]))
            for told in records.values()
            for row in told["workers"]
        }.values()
    return Workers(
        parallelism=setting.value if setting else "",
        origin=setting.origin if setting else "",
        why=setting.why if setting else "",
        schedulers=schedulers,
        queues=queues(asked),
    )


def latest_snapshot(settings: Iterable[ResolvedSetting]) -> Workers:
    """Return what the schedulers have written down, at once: the web server asks no worker."""
    return summarize(settings, state.fetch(KIND, FRESH_SECONDS))
