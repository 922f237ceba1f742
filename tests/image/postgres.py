"""PostgreSQL beside the Runtime's containers, for the tests and for what measures them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.image.docker import Container, container, run, until

URL = "postgresql://airflow:airflow@127.0.0.1/airflow"


@contextmanager
def postgresql(net: str, *options: str) -> Iterator[Container]:
    """Run PostgreSQL on a network until the end of the block: as `postgres`, with an empty database `airflow`."""
    given = [f"--network={net}", "--network-alias=postgres", "--tmpfs=/var/lib/postgresql/data"]
    given += ["--env=POSTGRES_USER=airflow", "--env=POSTGRES_PASSWORD=airflow"]
    with container("postgres:15", options=[*given, *options], expected=None) as server:
        until(lambda: answers(server), server.log)
        yield server


def answers(server: Container) -> bool:
    """Whether it answers over TCP, which the server that only makes the database does not, whatever it logs."""
    return "1 row" in run("exec", server.name, "psql", URL, "--command", "SELECT 1").stdout
