"""A PostgreSQL for the tests with real processes, and a migrated database in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from testing.database_setup import PRINT_STARTED, database_environ
from testing.entrypoint_process import ENTRYPOINT, begin
from testing.progress import announce
from testing.servers import Postgres, postgres

REPLICAS = 6


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def replicas(
    pytestconfig: pytest.Config, server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> list[subprocess.CompletedProcess[str]]:
    """Return the ends of replicas that started at once, and were to migrate the database `migrated`."""
    announce(pytestconfig, f"a database that {REPLICAS} replicas migrate at once")
    environ = {**database_environ(server.create("migrated")), "_AIRFLOW_DB_MIGRATE": "true"}
    homes = [tmp_path_factory.mktemp("replica") for _ in range(REPLICAS)]
    processes = [begin(home, *PRINT_STARTED, environ=environ) for home in homes]
    outputs = [process.communicate(timeout=560) for process in processes]  # little less than a test may take
    return [
        subprocess.CompletedProcess(ENTRYPOINT, process.returncode, out, err)
        for process, (out, err) in zip(processes, outputs, strict=True)
    ]


@pytest.fixture(scope="session")
def migrated(replicas: list[subprocess.CompletedProcess[str]]) -> str:
    """Return the name of a migrated database, from which others are copied."""
    for replica in replicas:
        assert replica.returncode == 0, replica.stderr
    return "migrated"
