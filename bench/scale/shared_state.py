"""What the state table, the notices and the Runtime page cost with many components, in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from airflow import __version__ as airflow_version
from airflow import settings
from sqlalchemy import create_engine, func, select

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.monitor import ParallelismMonitor
from astro_runtime_plugin.parallelism.publish import SchedulerRowWriter
from astro_runtime_plugin.web.page.collect import render_page
from astro_runtime_plugin.web.schemas import runtime_info
from bench.scale.filled_table import OWN_NAME, component_value, fill
from bench.scale.growth import SIZES, Row, row
from bench.scale.server_time import measured
from bench.scale.worker_replies import POOL, task_ids, worker_name
from entrypoint.capacity import Calculation
from testing.installed_line import RELEASE
from testing.servers import Postgres

ROUNDS = 3
READ = "the rows of all components are read"


class Cost(NamedTuple):
    """The seconds of processor time that one call takes here and in the database, and what it returns."""

    own: float
    database: float
    result: Any


def call_cost(work: Callable[[], Any], calls: int) -> Cost:
    """Return the mean cost of a call: the least of ROUNDS rounds of so many calls."""
    costs = []
    for _ in range(ROUNDS):
        with measured() as elapsed:
            for _ in range(calls):
                result = work()
        costs.append(Cost(elapsed.own / calls, elapsed.servers / calls, result))
    return Cost(min(cost.own for cost in costs), min(cost.database for cost in costs), result)


def number_of_calls(size: int) -> int:
    """Return how many calls a round has: a full garbage collection is due after some number of rows."""
    return min(4 * SIZES[-1] // size, 50)


def read_rows() -> int:
    """Read the rows of all components, as the page and the notices do; return how many there are."""
    return len(recorder.component_rows())


def write_row(name: str = OWN_NAME) -> None:
    """Write the row of a component."""
    state.put(recorder.KIND, name, component_value(0), recorder.RETENTION_SECONDS)


def write_new_row() -> None:
    """Write the row of a component that has just started, and delete it."""
    write_row("new")
    in_transaction(lambda connection: connection.execute(state.TABLE.delete().where(state.C.name == "new")))


def show_notices() -> str:
    """Return the reply of `GET /astro-runtime/api/notices`."""
    return service.undismissed_notices("somebody").model_dump_json()


def show_page() -> str:
    """Return the Runtime page."""
    return render_page(runtime_info(RELEASE, None, airflow_version, {}, ()))


def answer_of(workers: int) -> str:
    """Return what the process that asks the workers tells its scheduler after a round."""
    names = [[worker_name(number), POOL, ["default"]] for number in range(workers)]
    return json.dumps(
        {"workers": names, "active": [task for number in range(workers) for task in task_ids(number)]}
    )


def process_answer(line: str) -> None:
    """Process an answer as the scheduler's thread does; the workers are new, so their row is written."""
    limit = LimitState(Calculation(POOL, "no worker has answered"), lambda _: None)
    ParallelismMonitor(limit, [("row", SchedulerRowWriter().save)])._process(json.loads(line))


# By figure: what is called, for a number of workers.
CASES: Mapping[str, Callable[[int], Callable[[], Any]]] = {
    "a scheduler processes an answer with new workers": lambda size: partial(process_answer, answer_of(size)),
    READ: lambda _: read_rows,
    "a component writes its row": lambda _: write_row,
    "a component writes its row for the first time": lambda _: write_new_row,
    "the notices of a user": lambda _: show_notices,
    "the Runtime page": lambda _: show_page,
}


def measure(server: Postgres) -> list[Row]:
    """Return the rows of the table."""
    settings.engine = create_engine(server.create("state"), future=True)
    costs: dict[str, list[Cost]] = {name: [] for name in CASES}
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


def table_rows(costs: Mapping[str, Sequence[Cost]], lengths: Sequence[int]) -> list[Row]:
    """Return the rows of the table: the costs by name, and the bytes of the components' rows."""
    rows = []
    for name in costs:
        rows.append(row(f"{name}: processor time", "ms", [cost.own * 1e3 for cost in costs[name]]))
        database = [cost.database * 1e3 for cost in costs[name]]
        rows.append(row(f"{name}: processor time of the database", "ms", database))
        if isinstance(costs[name][0].result, str):
            rows.append(row(f"{name}: reply", "kB", [len(cost.result) / 1e3 for cost in costs[name]]))
    rows.append(row(f"{READ}: bytes", "kB", [length / 1e3 for length in lengths]))
    return rows
