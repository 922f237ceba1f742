"""A PostgreSQL with a migrated database that each test copies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.celery_cluster import create_migrated
from testing.progress import announce
from testing.servers import Postgres, postgres


@pytest.fixture(scope="session")
def metadata(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server with a database `migrated`."""
    announce(pytestconfig, "a PostgreSQL with a migrated database")
    home = tmp_path_factory.mktemp("migrated")
    with postgres() as server:
        create_migrated(server, home)
        yield server
