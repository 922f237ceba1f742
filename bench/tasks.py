"""The processor time of a task that does nothing, with plain Airflow and with the Runtime (`make bench-tasks`).

It is that of all of Airflow's processes while the tasks run, for each task: scheduler, workers, tasks, and API server.
Databases and brokers do not count. Both installations run all the time; they get their tasks in turn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from bench import page
from bench.process_tree import processor_time
from bench.quick_installation import EXECUTORS, TASKS, installation, plain_airflow_and_server
from bench.rounds import medians
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.celery_cluster import AIRFLOW
from testing.installed_line import LINE
from testing.quick_tasks import SLOTS, QuickTasks
from testing.servers import Postgres

ROUNDS = 5
BOUND = 0.7
STOCK, RUNTIME = "stock Airflow", "the Runtime"
TITLE = f"Tasks that do nothing, Airflow {LINE}"


def processor_time_of_run(tasks: QuickTasks) -> float:
    """Run the tasks; return the processor time of each, in seconds."""
    before = total(tasks)
    tasks.run()
    return (total(tasks) - before) / TASKS


def total(tasks: QuickTasks) -> float:
    """Return the processor time of all components so far."""
    return sum(processor_time(component.process.pid) for component in tasks.components)


def compare(server: Postgres, plain: Sequence[str], executor: str, rounds: int) -> dict[str, float]:
    """Return the processor time of a task by kind of installation, in seconds."""
    commands = {STOCK: plain, RUNTIME: AIRFLOW}
    with ExitStack() as stack:
        measurements: dict[str, Callable[[], float]] = {}
        for number, (kind, words) in enumerate(commands.items()):
            name = f"{executor.lower()}{number}"
            tasks = stack.enter_context(installation(server, words, executor, name))
            measurements[kind] = partial(processor_time_of_run, tasks)
        return medians(measurements, rounds)


def row(executor: str, seconds: dict[str, float]) -> tuple[str, ...]:
    """Return the table's row of an executor; a ratio beyond the bound is bold."""
    ratio = page.ratio(seconds[RUNTIME] / seconds[STOCK], BOUND)
    return executor, f"{seconds[STOCK]:.2f} s", f"{seconds[RUNTIME]:.2f} s", ratio


def main(rounds: int = ROUNDS) -> None:
    """Print the table, and write it into docs/reference/benchmarks.md."""
    with plain_airflow_and_server() as (plain, server):
        rows = [row(executor, compare(server, plain, executor, rounds)) for executor in EXECUTORS]
    table = markdown.table(("executor", STOCK, RUNTIME, "ratio"), rows)
    method = (
        f"Measured by `make bench-tasks LINE={LINE}`: the processor time of all of Airflow's processes for each of"
        f" {TASKS} tasks that do nothing, {SLOTS} at a time, on PostgreSQL; median of {rounds} rounds, in turn, after"
        f" one that does not count. A ratio of more than {BOUND} is bold. {page.machine()}."
    )
    page.write_section(TITLE, f"{method}\n\n{table}")
    print(table)


if __name__ == "__main__":
    exit_on_sigterm()
    main(*map(int, sys.argv[1:]))
