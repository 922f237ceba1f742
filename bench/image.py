"""How long the image's components take to start, compared with stock Airflow (`make bench-image`).

Stock Airflow is the same image without the Runtime, as it is and after what the official image's entrypoint does before
a component. They run in turn, without health checks, and the ratio is that of the medians.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

from bench import page, size
from bench.component_start import Installation, component_starts
from bench.pod_start import create_pods
from bench.rounds import medians
from bench.stock_image import build_stock_image
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from dev.images import tag
from entrypoint.airflow_line import LINES
from testing.docker_engine import network
from testing.postgres_container import postgresql

ROUNDS = 5
POD = "a task's pod to the task's first line"
MAX_RATIO, MAX_POD_RATIO = 0.8, 0.7  # to stock Airflow
OFFICIAL = (
    "airflow db check && airflow config get-value core executor && airflow config get-value celery broker_url"
    '; exec airflow "$@"'
)
STOCK, RUNTIME = "stock Airflow", "the Runtime"


def installations(line: str, stock: str) -> dict[str, Installation]:
    """Return what is compared, by name; the first is the baseline."""
    after_checks = Installation(stock, ("bash", "-c", OFFICIAL, "--"))
    return {
        STOCK: Installation(stock, ("airflow",)),
        RUNTIME: Installation(tag(line, "-base")),
        f"{STOCK} after `airflow db check` and two `airflow config get-value`": after_checks,
    }


def measure(line: str) -> dict[str, dict[str, float]]:
    """Return the medians by start and by installation, in seconds."""
    with (
        build_stock_image(line) as stock,
        network() as net,
        postgresql(net, "--publish=127.0.0.1::5432") as server,
    ):
        kinds = installations(line, stock)
        pods = [STOCK, RUNTIME]  # the official entrypoint does nothing else before a task
        with create_pods(line, stock, net, server.name, (ROUNDS + 1) * len(pods)) as tasks:
            first_line = medians({kind: partial(tasks.measure, kinds[kind]) for kind in pods}, ROUNDS)
        port = int(server.address(5432).rpartition(":")[2])
        figures = {
            name: medians({kind: partial(start, how) for kind, how in kinds.items()}, ROUNDS)
            for name, start in component_starts(line, net, port).items()
        }
        return {**figures, POD: first_line}


def rows(line: str, figures: dict[str, dict[str, float]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    for start, times in figures.items():
        baseline, *_ = times.values()
        for name, seconds in times.items():
            ratio = seconds / baseline
            is_within = name != RUNTIME or ratio <= max_ratio(start)
            yield f"{start}, {line}", name, f"{seconds:.2f} s", page.mark(f"{ratio:.2f}×", is_within)


def max_ratio(start: str) -> float:
    """Return the goal of a start."""
    return MAX_POD_RATIO if start == POD else MAX_RATIO


def is_within_limit(figures: dict[str, dict[str, float]]) -> bool:
    """Return whether every start of the Runtime meets its goal."""
    return all(times[RUNTIME] / times[STOCK] <= max_ratio(start) for start, times in figures.items())


def write_section(figures: dict[str, dict[str, dict[str, float]]]) -> None:
    """Write the section with the figures by line."""
    head = ("start", "installation", "median", "ratio")
    table = markdown.table(head, [row for line, times in figures.items() for row in rows(line, times)])
    method = (
        f"Measured by `make bench-image`: the median of {ROUNDS} interleaved rounds, counted from `docker run`, on"
        f" {page.machine()}. Stock Airflow runs in the same image without the Runtime. The goal is at most"
        f" {MAX_RATIO:g} times stock Airflow, {MAX_POD_RATIO:g} for a pod."
    )
    page.write_section("What the image's start costs", f"{method}\n\n{table}")


def main(lines: list[str]) -> int:
    """Measure, print and write the tables; return 1 if a goal is missed."""
    figures = {}
    for line in lines:
        figures[line] = measure(line)
        print(*rows(line, figures[line]), sep="\n", flush=True)
    write_section(figures)
    size.main(lines)
    return 0 if all(map(is_within_limit, figures.values())) else 1


if __name__ == "__main__":
    exit_on_sigterm()
    sys.exit(main(sys.argv[1:] or list(LINES)))
