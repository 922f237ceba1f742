"""What the state table, the notices and the Runtime page cost with many components, in PostgreSQL."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from airflow import settings
from sqlalchemy import create_engine, func, select

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder
from bench.scale.component_table import fill
from bench.scale.growth import SIZES, Row, row
from bench.scale.operations import CASES, READ
from bench.scale.server_time import measure_cost
from testing.servers import Postgres

ROUNDS = 3


class CallCost(NamedTuple):
    """The seconds of processor time that one call takes here and in the database, and what it returns."""

    processor: float
    database: float
    result: Any


def call_cost(work: Callable[[], Any], calls: int) -> CallCost:
    """Return the mean cost of a call: the least of ROUNDS rounds of so many calls."""
    costs = []
    for _ in range(ROUNDS):
        with without_collector(), measure_cost() as cost:
            for _ in range(calls):
                result = work()
        costs.append(CallCost(cost.processor / calls, cost.servers / calls, result))
    return CallCost(min(cost.processor for cost in costs), min(cost.database for cost in costs), result)


@contextmanager
def without_collector() -> Iterator[None]:
    """Turn Python's garbage collector off until the end of the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def collection_seconds() -> float:
    """Return the processor time of a full garbage collection in this process."""
    gc.collect()
    with measure_cost() as cost:
        gc.collect()
    return cost.processor


def number_of_calls(size: int) -> int:
    """Return how many calls a round has; the shorter they are, the more."""
    return min(4 * SIZES[-1] // size, 50)


def measure(server: Postgres) -> list[Row]:
    """Return the rows of the table."""
    settings.engine = create_engine(server.create("state"), future=True)
    costs: dict[str, list[CallCost]] = {name: [] for name in CASES}
    lengths = []
    for size in SIZES:
        fill(size)
        lengths.append(stored_bytes())
        for name, prepare in CASES.items():
            costs[name].append(call_cost(prepare(size), number_of_calls(size)))
        assert costs[READ][-1].result == size
    settings.engine.dispose()
    return table_rows(costs, lengths)


def stored_bytes() -> int:
    """Return how many bytes the rows of the components have."""
    query = select(func.sum(func.length(state.C.value))).where(state.C.kind == recorder.KIND)
    return int(in_transaction(lambda connection: connection.execute(query).scalar_one()))


def table_rows(costs: Mapping[str, Sequence[CallCost]], lengths: Sequence[int]) -> list[Row]:
    """Return the rows of the table: the costs by name, and the bytes of the components' rows."""
    rows = []
    for name in costs:
        rows.append(row(f"{name}: processor time", "ms", [cost.processor * 1e3 for cost in costs[name]]))
        database = [cost.database * 1e3 for cost in costs[name]]
        rows.append(row(f"{name}: processor time of the database", "ms", database))
        if isinstance(costs[name][0].result, str):
            rows.append(row(f"{name}: reply", "kB", [len(cost.result) / 1e3 for cost in costs[name]]))
    rows.append(row(f"{READ}: bytes", "kB", [length / 1e3 for length in lengths]))
    return rows
