"""Fills the Runtime's table as a deployment with many components does."""

from __future__ import annotations

import json
import time

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.inventory.component_settings import component_settings
from astro_runtime_plugin.inventory.listing import RunningComponent, component_row
from astro_runtime_plugin.parallelism import snapshot
from bench.scale.worker_replies import POOL, SCHEDULERS, worker_name
from entrypoint.record import ResolvedSetting

HOUR = 3600.0
OWN_NAME = "celery worker:own:1"
IMAGES = ("orders:7", *["orders:8"] * 9)  # in turn: a rollout that has hardly begun


def component_value(number: int) -> dict[str, object]:
    """Return the row of a Celery worker."""
    variable = "AIRFLOW__CELERY__WORKER_CONCURRENCY"
    why = f"{POOL} CPUs and 32 GiB in the container's limits"
    setting = ResolvedSetting(variable, variable, str(POOL), "Runtime", why, exported=True)
    image, host = IMAGES[number % len(IMAGES)], worker_name(number).partition("@")[2]
    running = RunningComponent("celery worker", host, image, "3.3-1", "2026-11-24T10:00:00+00:00")
    return {**component_row(running, time.time(), HOUR), "settings": component_settings([setting])}


def scheduler_value(workers: int) -> dict[str, object]:
    """Return the row of a scheduler that follows so many workers."""
    return {
        "parallelism": workers * POOL,
        "why": f"{workers}×{POOL} default",
        "workers": [[worker_name(number), POOL, ["default"]] for number in range(workers)],
    }


def fill(components: int) -> None:
    """Replace the rows by those of so many workers, and of schedulers that follow them."""
    state.put(recorder.KIND, OWN_NAME, component_value(0))  # creates the table
    values = [
        *((recorder.KIND, str(number), component_value(number)) for number in range(1, components)),
        *((snapshot.KIND, str(number), scheduler_value(components)) for number in range(SCHEDULERS)),
    ]
    rows = [
        {"kind": kind, "name": name, "value": json.dumps(value), "updated_at": time.time()}
        for kind, name, value in values
    ]
    in_transaction(
        lambda connection: connection.execute(state.TABLE.delete().where(state.C.name != OWN_NAME))
    )
    in_transaction(lambda connection: connection.execute(state.TABLE.insert(), rows))
