"""PostgreSQL on the network of the Runtime's containers, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from testing.docker_engine import PATIENCE, Container, run, run_container
from testing.waiting import wait_until

URL = "postgresql://airflow:airflow@127.0.0.1/airflow"


@contextmanager
def postgresql(net: str, *options: str) -> Iterator[Container]:
    """Run PostgreSQL on a network until the end of the block: as `postgres`, with an empty database `airflow`."""
    flags = [f"--network={net}", "--network-alias=postgres", "--tmpfs=/var/lib/postgresql/data"]
    flags += ["--env=POSTGRES_USER=airflow", "--env=POSTGRES_PASSWORD=airflow"]
    with run_container("postgres:15", options=[*flags, *options]) as server:
        wait_until(lambda: accepts_queries(server), server.log, seconds=PATIENCE)
        yield server


def accepts_queries(server: Container) -> bool:
    """Whether it answers over TCP: the temporary server that initialises the database does not, but logs the same."""
    return "1 row" in run("exec", server.name, "psql", URL, "--command", "SELECT 1").stdout
