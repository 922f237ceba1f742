"""A PostgreSQL with a migrated database that each test copies."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from testing.celery_cluster import AIRFLOW, celery_environment
from testing.entrypoint_process import CHECKOUT
from testing.progress import announce
from testing.servers import Postgres, postgres


@pytest.fixture(scope="session")
def metadata(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server with a database `migrated`."""
    announce(pytestconfig, "a PostgreSQL with a migrated database")
    home = tmp_path_factory.mktemp("migrated")
    with postgres() as server:
        environ = celery_environment(home, server.create("migrated"), "redis://127.0.0.1:1/0")
        subprocess.run(
            [*AIRFLOW, "db", "migrate"],
            env=environ,
            cwd=CHECKOUT,
            check=True,
            capture_output=True,
            timeout=300,
        )
        yield server
