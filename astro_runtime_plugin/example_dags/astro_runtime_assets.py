"""Asset scheduling: a DAG that runs because another one has made something new."""

from __future__ import annotations

from airflow.sdk import Asset, dag, task

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


@dag(schedule=[ORDERS], tags=["astro-runtime"])
def astro_runtime_asset_consumer() -> None:
    """Runs whenever the asset `orders` is updated: its schedule names the asset, and no hour.

    Switch it on, then trigger `astro_runtime_asset_producer`.
    """

    @task(inlets=[ORDERS])
    def read_orders(triggering_asset_events: dict[Asset, list[object]]) -> int:
        events = sum(len(list(events)) for events in triggering_asset_events.values())
        print(f"Started by {events} update(s) of the orders.")
        return events

    read_orders()


astro_runtime_asset_producer()
astro_runtime_asset_consumer()
