"""What a scheduler records about the workers, and what the API and `astro-runtime workers` make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, Field

from astro_runtime_plugin.database import state
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from entrypoint.record import ResolvedSetting

KIND = "parallelism"
FRESH_SECONDS = 60.0  # a scheduler whose record is older is gone
PARALLELISM = "AIRFLOW__CORE__PARALLELISM"


class RunningWorker(BaseModel):
    """A running Celery worker."""

    name: str = Field(description="its Celery node name: `celery@HOST`")
    pool: int = Field(description="how many tasks it runs at once")


class Queue(BaseModel):
    """A worker queue."""

    name: str = Field(description="the name of the Celery queue")
    workers: list[RunningWorker] = Field(description="the workers that take tasks from it, sorted by name")
    pool: int = Field(description="how many tasks these workers run at once")


class SchedulerLimit(BaseModel):
    """The limit that is in force in one scheduler."""

    scheduler: str = Field(description="host and process id: `HOST:PID`")
    parallelism: int = Field(description="how many tasks it runs at once")
    why: str = Field(description="the calculation: `2×16 default`")


class Workers(BaseModel):
    """Celery workers by queue, and the limit of each scheduler."""

    parallelism: str = Field(description="the setting `[core] parallelism`")
    origin: str = Field(description="who supplied that setting")
    why: str = Field(description="the reason for its value")
    schedulers: list[SchedulerLimit] = Field(description="the schedulers whose limit follows the workers")
    queues: list[Queue] = Field(description="the queues that running workers take tasks from, sorted by name")


def to_record(limit: LimitState) -> dict[str, Any]:
    """Return a scheduler's record."""
    return {"parallelism": limit.value, "why": limit.calculation.why, "workers": limit.workers}


def group_by_queue(workers: Iterable[Worker]) -> list[Queue]:
    """Return the queues with their workers; a worker with several queues is listed in each."""
    by_queue: dict[str, list[RunningWorker]] = {}
    for worker in workers:
        for queue in worker.queues:
            by_queue.setdefault(queue, []).append(RunningWorker(name=worker.name, pool=worker.pool))
    return [
        Queue(
            name=name,
            workers=sorted(members, key=lambda worker: worker.name),
            pool=sum(worker.pool for worker in members),
        )
        for name, members in sorted(by_queue.items())
    ]


def recorded_workers(records: Iterable[Mapping[str, Any]]) -> list[Worker]:
    """Return the workers in the schedulers' records, each once."""
    rows = {row[0]: row for record in records for row in record["workers"]}
    return [Worker(name, pool, tuple(queues)) for name, pool, queues in rows.values()]


def summarize(
    settings: Iterable[ResolvedSetting],
    records: Mapping[str, Mapping[str, Any]],
    workers: Iterable[Worker] | None = None,
) -> Workers:
    """Return the setting, the limits in force and `workers`; without `workers`, those in the schedulers' records."""
    setting = next((setting for setting in settings if setting.documented == PARALLELISM), None)
    return Workers(
        parallelism=setting.value if setting else "",
        origin=setting.origin if setting else "",
        why=setting.why if setting else "",
        schedulers=[
            SchedulerLimit(scheduler=name, parallelism=record["parallelism"], why=record["why"])
            for name, record in sorted(records.items())
        ],
        queues=group_by_queue(recorded_workers(records.values()) if workers is None else workers),
    )


def latest_snapshot(settings: Iterable[ResolvedSetting]) -> Workers:
    """Return what the schedulers have recorded. The web server queries no worker, so this takes no time."""
    return summarize(settings, state.fetch(KIND, FRESH_SECONDS))
