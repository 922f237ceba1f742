"""The databases that Airflow supports, each with Airflow's audit log and nothing else in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from astro_runtime_plugin.database import transaction
from astro_runtime_plugin.identity.sessions import tables
from testing.mariadb import MariaDB, mariadb
from testing.servers import Postgres

DATABASES = ("sqlite", "postgresql", "mariadb")


@pytest.fixture(scope="module")
def maria() -> Iterator[MariaDB]:
    with mariadb() as running:
        yield running


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let Airflow's engine be one of an empty database."""
    from airflow.models.log import Log

    engine = create_engine(new_database(request, tmp_path), future=True)
    monkeypatch.setattr("airflow.settings.engine", engine)
    transaction._engine_without_pool.cache_clear()
    for table in (tables.SESSION_TABLE, tables.ONCE_TABLE):
        monkeypatch.setattr(table, "_is_there", False)
    Log.__table__.create(engine)
    yield engine
    engine.dispose()
    transaction._engine_without_pool.cache_clear()


def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database; MariaDB's has the character set that stops at U+FFFF."""
    name = f"identity_{abs(hash(request.node.nodeid))}"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/airflow.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("server")
        return server.create(name)
    maria: MariaDB = request.getfixturevalue("maria")
    maria.sql("", f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
    return maria.url(name)
