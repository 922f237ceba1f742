"""A PostgreSQL for the process tests, and in it a database that is migrated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.database_setup import MIGRATES, NOTHING_TO_DO, SAY_STARTED, WAITING, at
from testing.entrypoint_process import begin
from testing.servers import Postgres, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that six replicas have migrated: others are made as copies of it."""
    homes = [tmp_path_factory.mktemp("replica") for _ in range(6)]
    told = {**at(server.create("migrated")), "_AIRFLOW_DB_MIGRATE": "true"}
    replicas = [begin(home, *SAY_STARTED, environ=told) for home in homes]
    ends = [(replica.communicate(timeout=300), replica.returncode) for replica in replicas]
    assert [code for _, code in ends] == [0] * 6, "\n".join(err for (_, err), _ in ends)
    assert [out for (out, _), _ in ends] == ["started\n"] * 6
    assert sum(err.count(MIGRATES) for (_, err), _ in ends) == 1
    assert sum(err.count(NOTHING_TO_DO) for (_, err), _ in ends) == 5
    assert any(WAITING in err for (_, err), _ in ends)
    return "migrated"
