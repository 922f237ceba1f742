"""What the image's entrypoint adds to Airflow's own start, beside two others of the same image (`make bench-image`).

The limit is plain `airflow`; the third does what the official image's entrypoint does before a component. They run in
turn, without health checks, and the ratio is that of the medians.
"""

from __future__ import annotations

import statistics
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import psycopg2  # type: ignore[import-untyped]

from bench import page, size
from dev.docs.markdown import table
from dev.images import tag
from dev.run.profiles import PROFILES
from entrypoint.airflow_line import LINES
from tests.image.docker import Container, container, docker, network, until
from tests.image.postgres import postgresql

ROUNDS = 5
MOST = 1.05  # times plain airflow
PAUSE = 0.02  # seconds between two looks, little beside what MOST allows
OFFICIAL = (
    "airflow db check && airflow config get-value core executor && airflow config get-value celery broker_url"
    '; exec airflow "$@"'
)
# How a component is started: docker's options before the image, and what stands before its words.
ENTRYPOINTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain `airflow`": (("--entrypoint", "airflow"), ()),
    "the Runtime's entrypoint": ((), ()),
    "`airflow db check` and two `airflow config get-value` first": (
        ("--entrypoint", "bash"),
        ("-c", OFFICIAL, "--"),
    ),
}
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:airflow@postgres/airflow"


def standalone(image: str, line: str, name: str) -> float:
    """Return the seconds from `docker run standalone` until its health answer is good."""
    started = time.perf_counter()
    with started_as(name, image, "standalone", "--publish", "127.0.0.1::8080") as running:
        url = f"http://{running.address()}/{PROFILES[line].health}"
        until(lambda: is_good(url), running.log, 300, pause=PAUSE)
        return time.perf_counter() - started


def is_good(url: str) -> bool:
    """Whether the health answer has a scheduler that beats."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return b'"scheduler":{"status":"healthy"' in answer.read().replace(b" ", b"").replace(b"\n", b"")
    except (OSError, urllib.error.URLError):
        return False


def scheduler(image: str, name: str, net: str, port: int) -> float:
    """Return the seconds from `docker run scheduler` until its heartbeat stands in PostgreSQL."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user="airflow", password="airflow", dbname="airflow"
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM job")

        def beats() -> bool:
            cursor.execute(
                "SELECT 1 FROM job WHERE job_type = 'SchedulerJob' AND latest_heartbeat IS NOT NULL"
            )
            return cursor.fetchone() is not None

        started = time.perf_counter()
        with started_as(name, image, "scheduler", "--network", net, "--env", DATABASE) as running:
            until(beats, running.log, 120, pause=PAUSE)
            taken = time.perf_counter() - started
    connection.close()
    return taken


@contextmanager
def started_as(name: str, image: str, component: str, *options: str) -> Iterator[Container]:
    """Run a component with one of ENTRYPOINTS."""
    before, words = ENTRYPOINTS[name]
    given = ["--no-healthcheck", *options, *before]
    with container(image, *words, component, options=given, expected=None) as running:
        yield running


def medians(measure: Callable[[str], float]) -> dict[str, float]:
    """Measure every entrypoint in turn, after one round that is not counted; return the medians, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in ENTRYPOINTS}
    for counted in range(ROUNDS + 1):
        for name in ENTRYPOINTS:
            taken = measure(name)
            if counted:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def measure(line: str) -> dict[str, dict[str, float]]:
    """Return the medians by what was started and by entrypoint."""
    image = tag(line, "-base")
    found = {"`standalone` to healthy": medians(lambda name: standalone(image, line, name))}
    with network() as net, postgresql(net, "--publish=127.0.0.1::5432") as server:
        docker("run", "--rm", "--network", net, "--env", DATABASE, image, "db", "migrate")
        port = int(server.address(5432).rpartition(":")[2])
        found["`scheduler` to heartbeat"] = medians(lambda name: scheduler(image, name, net, port))
    return found


def rows(line: str, found: dict[str, dict[str, float]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    for what, times in found.items():
        limit, *_ = times.values()
        for name, taken in times.items():
            yield line, what, name, f"{taken:.2f} s", f"{taken / limit:.3f}×"


def within(found: dict[str, dict[str, float]]) -> bool:
    """Whether the Runtime's entrypoint keeps to MOST."""
    return all(ours / limit <= MOST for limit, ours, _ in (list(times.values()) for times in found.values()))


def main(lines: list[str]) -> int:
    """Measure, print and keep the tables; return 1 where the bound does not hold."""
    found = {line: measure(line) for line in lines}
    drawn = table(
        ("line", "start", "entrypoint", "median", "ratio"),
        [row for line, times in found.items() for row in rows(line, times)],
    )
    print(drawn)
    told = (
        f"Measured by `make bench-image`: the median of {ROUNDS} interleaved rounds, counted from `docker run`, on"
        f" {page.machine()}. The goal is at most {MOST:g} times plain `airflow`."
    )
    page.keep("What the image's start costs", f"{told}\n\n{drawn}")
    size.main(lines)
    return 0 if all(map(within, found.values())) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(LINES)))
