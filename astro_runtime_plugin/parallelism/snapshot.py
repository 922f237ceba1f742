"""What a scheduler records about the workers, and what the API and `astro-runtime workers` make of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import accumulate
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from astro_runtime_plugin.database.rows import fetch_valid
from astro_runtime_plugin.options.text import printable
from astro_runtime_plugin.parallelism.bounds import (
    MAX_POOL,
    MAX_ROW_LENGTH,
    MAX_SCHEDULERS,
    MAX_WHY,
    MAX_WORKERS,
)
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from entrypoint.record import ResolvedSetting

KIND = "parallelism"
FRESH_SECONDS = 60.0  # a scheduler whose row is older is gone
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


class WorkersSummary(BaseModel):
    """Celery workers by queue, and the limit of each scheduler."""

    parallelism: str = Field(description="the setting `[core] parallelism`")
    origin: str = Field(description="who supplied that setting")
    why: str = Field(description="the reason for its value")
    schedulers: list[SchedulerLimit] = Field(description="the schedulers whose limit follows the workers")
    queues: list[Queue] = Field(description="the queues that running workers take tasks from, sorted by name")


class SchedulerRow(BaseModel):
    """A scheduler's row in the database: its limit in tasks, the calculation, and the workers that it follows."""

    parallelism: int = Field(ge=0, le=MAX_WORKERS * MAX_POOL)
    why: Annotated[str, AfterValidator(partial(printable, length=2 * MAX_WHY))]
    workers: list[Worker] = Field(max_length=MAX_WORKERS)


def scheduler_row(limit: LimitState) -> dict[str, Any]:
    """Return a scheduler's row, as it is stored, with as many workers as fit into MAX_ROW_LENGTH."""
    row = {"parallelism": limit.value, "why": limit.calculation.why}
    workers = limit.workers[:MAX_WORKERS]
    spare = MAX_ROW_LENGTH - len(json.dumps({**row, "workers": []}))
    ends = accumulate(len(json.dumps(worker)) + len(", ") for worker in workers)
    return {**row, "workers": [worker for worker, end in zip(workers, ends, strict=True) if end <= spare]}


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


def recorded_workers(rows: Iterable[SchedulerRow]) -> list[Worker]:
    """Return the workers in the schedulers' rows, each once."""
    return [*{worker.name: worker for row in rows for worker in row.workers}.values()]


def fetch_rows() -> dict[str, SchedulerRow]:
    """Return the rows of the running schedulers by name; none if the database cannot be read."""
    rows = fetch_valid(KIND, SchedulerRow, FRESH_SECONDS, MAX_SCHEDULERS, MAX_ROW_LENGTH)
    return {printable(name): row for name, row in sorted(rows.items())}


def summarize(
    settings: Iterable[ResolvedSetting],
    rows: Mapping[str, SchedulerRow],
    workers: Iterable[Worker] | None = None,
) -> WorkersSummary:
    """Return the setting, the limits in force and `workers`; without `workers`, those in the schedulers' rows."""
    setting = next((setting for setting in settings if setting.documented == PARALLELISM), None)
    return WorkersSummary(
        parallelism=setting.value if setting else "",
        origin=setting.origin if setting else "",
        why=setting.why if setting else "",
        schedulers=[
            SchedulerLimit(scheduler=name, parallelism=row.parallelism, why=row.why)
            for name, row in sorted(rows.items())
        ],
        queues=group_by_queue(recorded_workers(rows.values()) if workers is None else workers),
    )


def latest_snapshot(settings: Iterable[ResolvedSetting]) -> WorkersSummary:
    """Return what the schedulers have recorded. The web server queries no worker, so this takes no time."""
    return summarize(settings, fetch_rows())
