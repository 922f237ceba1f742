"""What the Runtime does with the rows of all components, one function for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from airflow import __version__ as airflow_version

from astro_runtime_plugin.database import state
from astro_runtime_plugin.database.transaction import in_transaction
from astro_runtime_plugin.inventory import recorder
from astro_runtime_plugin.notices import service
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.monitor import ParallelismMonitor
from astro_runtime_plugin.parallelism.publish import SchedulerRowWriter
from astro_runtime_plugin.web.page.collect import render_page
from astro_runtime_plugin.web.schemas import runtime_info
from bench.scale.component_table import OWN_NAME, component_value
from bench.scale.worker_replies import POOL, task_ids, worker_name
from entrypoint.capacity import Calculation
from testing.installed_line import RELEASE

READ = "the rows of all components are read"


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
