"""Asset scheduling: a DAG that runs because another one has made something new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import Asset, dag, task

ORDERS = Asset("astro-runtime://example/orders")


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_asset_producer() -> None:
    """Makes the asset `orders`. Trigger it, and `astro_runtime_asset_consumer` (switched on) runs after it.

    A task with `outlets` says what it makes; when it succeeds, the asset counts as updated.
    """

    @task(outlets=[ORDERS])
    def write_orders() -> None:
        print("The orders are written; this run's success tells Airflow so.")

    write_orders()


@dag(schedule=[ORDERS], start_date=datetime(2026, 1, 1), tags=["astro-runtime"])
def astro_runtime_asset_consumer() -> None:
    """Runs whenever the asset `orders` is updated: its schedule names the asset, and no hour.

    Switch it on, then trigger `astro_runtime_asset_producer`.
    """

    @task(inlets=[ORDERS])
    def read_orders(inlet_events: Mapping[Asset, Sequence[Any]]) -> int:
        updates = inlet_events[ORDERS]
        print(f"Update {len(updates)} of the orders; {updates[-1].source_run_id} has made it.")
        return len(updates)

    read_orders()


astro_runtime_asset_producer()
astro_runtime_asset_consumer()
