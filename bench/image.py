"""How long the image's components take to start, compared with stock Airflow (`make bench-image`).

Stock Airflow is the same image without the Runtime, as it is and after what the official image's entrypoint does before
a component. They run in turn, without health checks, and the ratio is that of the medians.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

from bench import page, size
from bench.component_start import DATABASE, Installation, component_starts
from bench.rounds import medians
from bench.stock_image import build_stock_image
from dev.docs import markdown
from dev.images import tag
from entrypoint.airflow_line import LINES
from testing.docker_engine import docker, network
from testing.postgres_container import postgresql

ROUNDS = 5
MAX_RATIO = 0.8  # to stock Airflow
OFFICIAL = (
    "airflow db check && airflow config get-value core executor && airflow config get-value celery broker_url"
    '; exec airflow "$@"'
)
RUNTIME = "the Runtime"


def installations(line: str, stock: str) -> dict[str, Installation]:
    """Return what is compared, by name; the first is the baseline."""
    after_checks = Installation(stock, ("--entrypoint", "bash"), ("-c", OFFICIAL, "--"))
    return {
        "stock Airflow": Installation(stock),
        RUNTIME: Installation(tag(line, "-base")),
        "stock Airflow after `airflow db check` and two `airflow config get-value`": after_checks,
    }


def measure(line: str) -> dict[str, dict[str, float]]:
    """Return the medians by start and by installation, in seconds."""
    with (
        build_stock_image(line) as stock,
        network() as net,
        postgresql(net, "--publish=127.0.0.1::5432") as server,
    ):
        docker("run", "--rm", "--network", net, "--env", DATABASE, stock, "db", "migrate")
        compared = installations(line, stock)
        port = int(server.address(5432).rpartition(":")[2])
        return {
            name: medians({kind: partial(start, how) for kind, how in compared.items()}, ROUNDS)
            for name, start in component_starts(line, net, port).items()
        }


def rows(line: str, figures: dict[str, dict[str, float]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    for start, times in figures.items():
        baseline, *_ = times.values()
        for name, seconds in times.items():
            ratio = seconds / baseline
            is_within = name != RUNTIME or ratio <= MAX_RATIO
            yield f"{start}, {line}", name, f"{seconds:.2f} s", page.mark(f"{ratio:.2f}×", is_within)


def is_within_limit(figures: dict[str, dict[str, float]]) -> bool:
    """Return whether every start of the Runtime is within MAX_RATIO."""
    return all(runtime / baseline <= MAX_RATIO for baseline, runtime, _ in map(dict.values, figures.values()))


def main(lines: list[str]) -> int:
    """Measure, print and write the tables; return 1 if the limit is exceeded."""
    figures = {line: measure(line) for line in lines}
    table = markdown.table(
        ("start", "installation", "median", "ratio"),
        [row for line, times in figures.items() for row in rows(line, times)],
    )
    print(table)
    method = (
        f"Measured by `make bench-image`: the median of {ROUNDS} interleaved rounds, counted from `docker run`, on"
        f" {page.machine()}. Stock Airflow runs in the same image without the Runtime. The goal is at most"
        f" {MAX_RATIO:g} times stock Airflow."
    )
    page.write_section("What the image's start costs", f"{method}\n\n{table}")
    size.main(lines)
    return 0 if all(map(is_within_limit, figures.values())) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(LINES)))
