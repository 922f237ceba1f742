"""The memory of Airflow's components, with plain Airflow and with the Runtime (`make bench-memory`).

It is that of each component and all its processes, at rest after some tasks, each with its part of what it shares. One
installation runs at a time, because two would share Airflow's libraries.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

from bench import page
from bench.quick_installation import EXECUTORS, TASKS, installation, plain_airflow_and_server
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.celery_cluster import AIRFLOW
from testing.faults.component_usage import proportional_memory
from testing.installed_line import LINE
from testing.quick_tasks import SLOTS
from testing.servers import Postgres

ROUNDS = 3
BOUND = 0.75
REST_SECONDS = 15.0  # what runs the last tasks has ended then
STOCK, RUNTIME = "stock Airflow", "the Runtime"
ALL = "all of them"
TITLE = f"Memory, Airflow {LINE}"
Memory = Mapping[str, float]  # bytes by component


def memory_of_tree(pid: int) -> int:
    """Return the bytes of a process and its descendants."""
    root, size = psutil.Process(pid), 0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess, OSError):
            size += proportional_memory(process.pid)
    return size


def measure(server: Postgres, words: Sequence[str], executor: str, database: str) -> Memory:
    """Return the memory of the components of a new installation that has run tasks."""
    with installation(server, words, executor, database) as tasks:
        tasks.run()
        time.sleep(REST_SECONDS)
        memory = {
            component.path.stem: memory_of_tree(component.process.pid) for component in tasks.components
        }
    return {**memory, ALL: sum(memory.values())}


def compare(server: Postgres, plain: Sequence[str], executor: str, rounds: int) -> dict[str, Memory]:
    """Return the medians by kind of installation."""
    figures: dict[str, list[Memory]] = {STOCK: [], RUNTIME: []}
    for number in range(rounds):
        for kind, words in {STOCK: plain, RUNTIME: AIRFLOW}.items():
            database = f"{executor}_{kind}_{number}".lower().replace(" ", "_")
            figures[kind].append(measure(server, words, executor, database))
    return {
        kind: {name: statistics.median(each[name] for each in measured) for name in measured[0]}
        for kind, measured in figures.items()
    }


def rows(executor: str, figures: Mapping[str, Memory]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of an executor; a ratio of all components beyond the bound is bold."""
    for name, before in figures[STOCK].items():
        after = figures[RUNTIME][name]
        ratio = page.mark(f"{after / before:.2f}×", name != ALL or after / before <= BOUND)
        yield executor, name, f"{before / 2**20:,.0f} MiB", f"{after / 2**20:,.0f} MiB", ratio


def main(rounds: int = ROUNDS) -> None:
    """Print the table, and write it into docs/reference/benchmarks.md."""
    with plain_airflow_and_server() as (plain, server):
        table_rows = [
            row for executor in EXECUTORS for row in rows(executor, compare(server, plain, executor, rounds))
        ]
    table = markdown.table(("executor", "component", STOCK, RUNTIME, "ratio"), table_rows)
    installations = f"median of {rounds} new installations" if rounds > 1 else "one new installation"
    method = (
        f"Measured by `make bench-memory LINE={LINE}`: the proportional set size of each component and all its"
        f" processes, at rest after {TASKS} tasks with {SLOTS} slots, on PostgreSQL; {installations} of each"
        f" kind, in turn. The goal for all components is at most {BOUND} times stock Airflow."
    )
    page.write_section(TITLE, f"{method} {page.machine()}.\n\n{table}")
    print(table)


if __name__ == "__main__":
    exit_on_sigterm()
    main(*map(int, sys.argv[1:]))
