"""Measure, and write the section of the installed line on the benchmarks page; exit with 1 if a limit is exceeded."""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench import page
from bench.identity import workplace
from bench.identity.workplace import MEMORY, RUNTIME, STOCK
from bench.rounds import medians
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.installed_line import AIRFLOW, LINE
from testing.servers import free_port

DAGS, ROUNDS = 1000, 20
METHOD = (
    f"Measured by `make bench-identity LINE={LINE}`, with a small OpenID provider on the same machine. A request's own"
    " share is what the auth manager does for it: it finds the user, and decides about a run of a DAG; the processor"
    " time of 5,000 requests, which wait for nothing. The lists are processor time in the web application, the median"
    f" of {ROUNDS} interleaved rounds. A login's round trips are the browser's three (the login page, the provider, the"
    " callback) and the server's own to the provider, whose description and keys it has by then. A user who sends a"
    " request a second loses the Admin's group at the provider, which tells nobody, and whose tokens live 5 minutes."
)


class Figure(NamedTuple):
    """A row of the table."""

    name: str
    value: float
    text: str
    limit: float
    limit_text: str

    def cells(self) -> tuple[str, ...]:
        """Return the row; a figure over its limit is marked."""
        return self.name, self.text + ", **over the limit**" * (self.value > self.limit), self.limit_text


def measure(folder: Path) -> tuple[Any, Mapping[str, float]]:
    """Return what a process says of requests, and the seconds of a list of DAGs by auth manager."""
    ports = [free_port() for _ in range(3)]
    environ = workplace.environ(folder / "requests", RUNTIME, f"http://127.0.0.1:{ports[0]}")
    figures = workplace.run("request_process", environ, str(ports[0]))
    homes = {
        manager: workplace.environ(folder / f"list-{port}", manager, f"http://127.0.0.1:{port}")
        for manager, port in zip((STOCK, RUNTIME), ports[1:], strict=True)
    }
    with (
        workplace.worker("dag_list_process", homes[STOCK], STOCK, str(DAGS), str(ports[1])) as stock,
        workplace.worker("dag_list_process", homes[RUNTIME], RUNTIME, str(DAGS), str(ports[2])) as ours,
    ):
        return figures, medians({STOCK: stock.measure, RUNTIME: ours.measure}, ROUNDS)


def rows(figures: Any, lists: Mapping[str, float]) -> list[Figure]:
    """Return the rows of the table."""
    shares = [row for name, each in figures["shares"].items() for row in share_rows(name, each)]
    ratio = lists[RUNTIME] / lists[STOCK]
    after, later = figures["memory"][0], figures["memory"][-1]
    trips, gone = figures["round trips"], figures["seconds until gone"]
    seconds = f"{lists[RUNTIME] * 1000:.0f} ms, {ratio:.3f}× {STOCK}'s {lists[STOCK] * 1000:.0f} ms"
    growth = f"{after / 2**20:.0f} MiB, {later / after:.3f}× of it after 30,000"
    return [
        *shares,
        Figure(f"list of {DAGS:,} DAGs by the REST API", ratio, seconds, 1.05, "at most 1.05×"),
        Figure("round trips of a login", trips, f"{trips}", 4, "at most 4"),
        Figure("memory of the process after 10,000 users", later / after, growth, 1.05, "at most 1.05×"),
        Figure("a role taken away at the provider is gone after", gone, f"{gone:.0f} s", 60, "at most 60 s"),
    ]


def share_rows(name: str, share: Any) -> list[Figure]:
    """Return the rows of a kind of request."""
    seconds = share["seconds"]
    slow, usual = quantiles(seconds, n=100)[98] * 1000, median(seconds) * 1000
    calls = f"{share['network']} and {share['database']}"
    return [
        Figure(
            f"request with a {name}", slow, f"p99 {slow:.2f} ms, median {usual:.2f} ms", 1, "p99 at most 1 ms"
        ),
        Figure(
            "its calls to the network and statements", share["network"], calls, 0, "no call to the network"
        ),
    ]


def main() -> int:
    """Measure, print the table, write it on the page."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        figures = rows(*measure(Path(name)))
    table = markdown.table(("figure", "measured", "limit"), [figure.cells() for figure in figures])
    print(table)
    machine = f"Airflow {AIRFLOW}, Python {platform.python_version()}, {page.machine()}."
    title = f"What roles from an identity provider cost, Airflow {LINE}"
    page.write_section(title, f"{METHOD}\n\n{machine}\n\n{table}")
    return int(any(figure.value > figure.limit for figure in figures))


if __name__ == "__main__":
    exit_on_sigterm()
    sys.exit(main())
