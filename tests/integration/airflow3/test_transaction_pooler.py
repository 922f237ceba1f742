"""Airflow's asynchronous connections behind a real PgBouncer in transaction mode."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.servers import Postgres, free_port, pgbouncer

CONNECT_ARGS = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC"
# While the transaction of the second has the server on which the first has prepared its statement, that runs it again.
PROBE = """
import asyncio
from airflow import settings
from sqlalchemy import text

STATEMENT = text("SELECT CAST(:number AS integer)")

async def main():
    settings.initialize()
    async with settings.async_engine.connect() as first, settings.async_engine.connect() as second:
        print(await first.scalar(STATEMENT, {"number": 1}))
        await first.commit()
        print(await second.scalar(STATEMENT, {"number": 2}))
        print(await first.scalar(STATEMENT, {"number": 3}))
    await settings.async_engine.dispose()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def pooled_url(server: Postgres) -> Iterator[str]:
    port = free_port()
    with pgbouncer(server.port, port, {"postgres": ""}, {"pool_mode": "transaction", "auth_type": "trust"}):
        yield f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres"


def run_probe(home: Path, url: str, **extra: str) -> subprocess.CompletedProcess[str]:
    environ = environment(home, {**database_environ(url), **extra})
    return subprocess.run(
        [sys.executable, "-c", PROBE], env=environ, text=True, capture_output=True, timeout=300
    )


def test_connections_with_the_arguments_share_servers(tmp_path: Path, pooled_url: str) -> None:
    result = run_probe(
        tmp_path, pooled_url, **{CONNECT_ARGS: "astro_runtime_plugin.database.pooler.ASYNC_CONNECT_ARGS"}
    )
    assert result.stdout.split()[-3:] == ["1", "2", "3"], result.stderr


def test_connections_of_stock_lose_their_statements(tmp_path: Path, pooled_url: str) -> None:
    """Else the arguments are not needed any more."""
    result = run_probe(tmp_path, pooled_url)
    assert "InvalidSQLStatementNameError" in result.stderr, result
