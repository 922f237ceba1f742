"""Measure, and write the section of the installed line on the benchmarks page."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path

from bench import page
from bench.task_logs import tables
from bench.task_logs.faults import losses
from bench.task_logs.printing import printing
from bench.task_logs.reading import dead_worker, lag, large_log
from bench.task_logs.shipping import LINE as TEXT
from bench.task_logs.shipping import RATES, ROUNDS, SECONDS, bytes_lost_with_machine, costs
from bench.task_logs.uploading import upload
from bench.task_logs.workplace import MODES, Workplace
from bench.termination import exit_on_sigterm
from testing.installed_line import AIRFLOW, LINE
from testing.s3_server import BUCKET, s3_server

METHOD = (
    f"Measured by `make bench-task-logs LINE={LINE}`, with SeaweedFS as S3 on the same machine: the Runtime's task"
    " logs, and the remote logging of Airflow's amazon provider, in turn."
)
FAULTS = (
    "A task writes 100 lines a second under its real supervisor, until something fails (each time by SIGKILL). What its"
    " log had on the machine by then, and is not in the store when all is over, is lost:"
)
COSTS = (
    f"One task, lines of {len(TEXT)} bytes; the processor time is the shipper's, as a share of a core, and the least of"
    f" {ROUNDS} rounds of {SECONDS:g} s. The limit is 2 % at {RATES[-1]:,} lines a second:"
)
PAGE = "The page, as a web server reads it on another machine; stock needs the worker's log server for a running task:"


def main() -> None:
    """Measure everything, print the tables, and write them on the page."""
    with s3_server() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(server.environ())
        workplaces = {mode: Workplace(folder, mode, server) for mode in MODES}
        pages = tables.page_table(
            {mode: lag(place) for mode, place in workplaces.items()},
            {mode: dead_worker(place) for mode, place in workplaces.items()},
            {mode: large_log(place) for mode, place in workplaces.items()},
        )
        faults = tables.loss_table(losses(workplaces, server))
        cost = tables.cost_table(costs(server))
        uploaded = upload(folder / "upload", f"s3://{BUCKET}/upload", TEXT * 10000)
        death = tables.death_text(bytes_lost_with_machine(server))
        printed = tables.printing_text(printing(folder))
    stock = (
        f"Stock's remote logging costs nothing while the task runs, and {uploaded.requests} requests at its end"
        f" ({uploaded.seconds * 1000:.0f} ms of processor time for a log of 1 MB)."
    )
    machine = f"Airflow {AIRFLOW}, Python {platform.python_version()}, {page.machine()}."
    parts = (METHOD, machine, FAULTS, faults, death, PAGE, pages, COSTS, cost, stock, printed)
    text = "\n\n".join(parts)
    print(text)
    page.write_section(f"Task logs in a store, Airflow {LINE}", text)


if __name__ == "__main__":
    exit_on_sigterm()
    main()
