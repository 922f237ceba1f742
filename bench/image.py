"""What the image's entrypoint adds to Airflow's own start, compared with two others (`make bench-image`).

The baseline is plain `airflow`; the third entrypoint does what the official image's does before a component. They run
in turn, without health checks, and the ratio is that of the medians.
"""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import psycopg2  # type: ignore[import-untyped]

from bench import page, size
from bench.rounds import medians
from dev.docs import markdown
from dev.images import tag
from dev.run.profiles import PROFILES
from entrypoint.airflow_line import LINES
from testing.docker_engine import Container, docker, network, run_container
from testing.postgres_container import postgresql
from testing.waiting import wait_until

ROUNDS = 5
MAX_RATIO = 1.05  # to plain airflow
PAUSE = 0.02  # seconds between two polls: short in relation to what MAX_RATIO allows
OFFICIAL = (
    "airflow db check && airflow config get-value core executor && airflow config get-value celery broker_url"
    '; exec airflow "$@"'
)
RUNTIME = "the Runtime's entrypoint"
# How a component is started: docker's options, and the words before the component's own.
ENTRYPOINTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain `airflow`": (("--entrypoint", "airflow"), ()),
    RUNTIME: ((), ()),
    "`airflow db check` and two `airflow config get-value` first": (
        ("--entrypoint", "bash"),
        ("-c", OFFICIAL, "--"),
    ),
}
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:airflow@postgres/airflow"


def standalone(image: str, line: str, name: str) -> float:
    """Return the seconds from `docker run standalone` until its scheduler is healthy."""
    started = time.perf_counter()
    with run_component(name, image, "standalone", "--publish", "127.0.0.1::8080") as running:
        url = f"http://{running.address()}/{PROFILES[line].health}"
        wait_until(lambda: is_healthy(url), running.log, pause=PAUSE)
        return time.perf_counter() - started


def is_healthy(url: str) -> bool:
    """Return whether the health endpoint reports a healthy scheduler."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return b'"scheduler":{"status":"healthy"' in response.read().replace(b" ", b"").replace(
                b"\n", b""
            )
    except (OSError, urllib.error.URLError):
        return False


def scheduler(image: str, name: str, net: str, port: int) -> float:
    """Return the seconds from `docker run scheduler` until its first heartbeat in PostgreSQL."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user="airflow", password="airflow", dbname="airflow"
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM job")

        def has_heartbeat() -> bool:
            cursor.execute(
                "SELECT 1 FROM job WHERE job_type = 'SchedulerJob' AND latest_heartbeat IS NOT NULL"
            )
            return cursor.fetchone() is not None

        started = time.perf_counter()
        with run_component(name, image, "scheduler", "--network", net, "--env", DATABASE) as running:
            wait_until(has_heartbeat, running.log, seconds=120, pause=PAUSE)
            taken = time.perf_counter() - started
    connection.close()
    return taken


@contextmanager
def run_component(name: str, image: str, component: str, *options: str) -> Iterator[Container]:
    """Run a component with one of the ENTRYPOINTS."""
    entrypoint_options, words = ENTRYPOINTS[name]
    all_options = ["--no-healthcheck", *options, *entrypoint_options]
    with run_container(image, *words, component, options=all_options) as running:
        yield running


def compare(measure: Callable[[str], float]) -> dict[str, float]:
    """Return the median of `measure` for each of the ENTRYPOINTS, in seconds."""
    return medians({name: partial(measure, name) for name in ENTRYPOINTS}, ROUNDS)


def measure(line: str) -> dict[str, dict[str, float]]:
    """Return the medians by start and by entrypoint."""
    image = tag(line, "-base")
    figures = {"`standalone` to healthy": compare(lambda name: standalone(image, line, name))}
    with network() as net, postgresql(net, "--publish=127.0.0.1::5432") as server:
        docker("run", "--rm", "--network", net, "--env", DATABASE, image, "db", "migrate")
        port = int(server.address(5432).rpartition(":")[2])
        figures["`scheduler` to heartbeat"] = compare(lambda name: scheduler(image, name, net, port))
    return figures


def rows(line: str, figures: dict[str, dict[str, float]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    for start, times in figures.items():
        baseline, *_ = times.values()
        for name, seconds in times.items():
            ratio = seconds / baseline
            is_within = name != RUNTIME or ratio <= MAX_RATIO
            yield f"{start}, {line}", name, f"{seconds:.2f} s", page.mark(f"{ratio:.3f}×", is_within)


def is_within_limit(figures: dict[str, dict[str, float]]) -> bool:
    """Return whether the Runtime's entrypoint stays within MAX_RATIO."""
    return all(runtime / baseline <= MAX_RATIO for baseline, runtime, _ in map(dict.values, figures.values()))


def main(lines: list[str]) -> int:
    """Measure, print and write the tables; return 1 if the limit is exceeded."""
    figures = {line: measure(line) for line in lines}
    table = markdown.table(
        ("start", "entrypoint", "median", "ratio"),
        [row for line, times in figures.items() for row in rows(line, times)],
    )
    print(table)
    method = (
        f"Measured by `make bench-image`: the median of {ROUNDS} interleaved rounds, counted from `docker run`, on"
        f" {page.machine()}. The goal is at most {MAX_RATIO:g} times plain `airflow`."
    )
    page.write_section("What the image's start costs", f"{method}\n\n{table}")
    size.main(lines)
    return 0 if all(map(is_within_limit, figures.values())) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(LINES)))
