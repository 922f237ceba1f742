"""Asset scheduling: a DAG that runs when another DAG has updated an asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import Asset, dag, task

ORDERS = Asset("astro-runtime://example/orders")


@dag(schedule=None, tags=["astro-runtime"])
def astro_runtime_asset_producer() -> None:
    """Updates the asset `orders`. Trigger this DAG, and `astro_runtime_asset_consumer`, if unpaused, runs after it.

    The `outlets` of a task are the assets that it updates: when the task succeeds, Airflow records an update.
    """

    @task(outlets=[ORDERS])
    def write_orders() -> None:
        print("Orders written. When this task succeeds, Airflow records an update of the asset.")

    write_orders()


@dag(schedule=[ORDERS], start_date=datetime(2026, 1, 1), tags=["astro-runtime"])
def astro_runtime_asset_consumer() -> None:
    """Runs whenever the asset `orders` is updated: its schedule is the asset instead of a time.

    Unpause this DAG, then trigger `astro_runtime_asset_producer`.
    """

    @task(inlets=[ORDERS])
    def read_orders(inlet_events: Mapping[Asset, Sequence[Any]]) -> int:
        updates = inlet_events[ORDERS]
        print(f"Update {len(updates)} of the orders, by the run {updates[-1].source_run_id}.")
        return len(updates)

    read_orders()


astro_runtime_asset_producer()
astro_runtime_asset_consumer()
