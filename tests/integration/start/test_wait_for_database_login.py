"""The start waits until real databases take a login, and says so once if they refuse it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import pymysql  # type: ignore[import-untyped]
import pytest

from testing.awaited_servers import ONCE, PATIENT, QUICK
from testing.database_setup import MIGRATION_LINE, PRINT_STARTED, database_environ
from testing.entrypoint_process import begin, start
from testing.mariadb import MariaDB, mariadb
from testing.servers import (
    Postgres,
    free_port,
    pgbouncer,
    postgres,
    recovering_postgres,
)
from testing.waiting import read_until, wait_until

LONG = {"CONNECTION_CHECK_MAX_COUNT": "2000", "CONNECTION_CHECK_SLEEP_TIME": "0.5"}
URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
PASSWORD = "p4ss-wörd"
STARTED = "started triggerer\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Run PostgreSQL with a user for each authentication method, named after it."""
    with postgres() as running:
        hba = Path(running.sql("postgres", "SHOW hba_file")[0][0])
        methods = ("scram-sha-256", "md5", "password", "reject")
        for method in methods:
            encryption = "md5" if method == "md5" else "scram-sha-256"
            running.sql(
                "postgres",
                f"SET password_encryption = '{encryption}'; CREATE USER \"{method}\" PASSWORD '{PASSWORD}'",
            )
        rules = "".join(f'host all "{method}" all {method}\n' for method in methods)
        hba.write_text(rules + hba.read_text())
        running.sql("postgres", "SELECT pg_reload_conf()")  # it reads the rules a moment later
        wait_until(lambda: is_rejected(running, "reject"))
        yield running


def is_rejected(server: Postgres, user: str) -> bool:
    """Whether the server has a rule that rejects a user."""
    try:
        psycopg2.connect(host="127.0.0.1", port=server.port, user=user, dbname="postgres").close()
    except psycopg2.OperationalError as error:
        return "pg_hba.conf rejects" in str(error)
    return False


def database(port: int, user: str, password: str = PASSWORD) -> str:
    return f"postgresql+psycopg2://{user}:{password}@127.0.0.1:{port}/postgres"


@pytest.mark.parametrize("method", ["scram-sha-256", "md5", "password"])
def test_login_by_any_method_ends_wait(
    tmp_path: Path, component: dict[str, str], server: Postgres, method: str
) -> None:
    environ = {**component, **PATIENT, URL: database(server.port, method)}
    result = start(tmp_path, "triggerer", environ=environ)
    assert result.stdout == STARTED
    assert "metadata database" not in result.stderr


@pytest.mark.parametrize("method", ["scram-sha-256", "md5", "password", "reject"])
def test_refused_login_is_no_reason_to_wait(
    tmp_path: Path, component: dict[str, str], server: Postgres, method: str
) -> None:
    url = database(server.port, method, "hush")
    result = start(tmp_path, "triggerer", environ={**component, **PATIENT, URL: url})
    assert result.stdout == STARTED
    assert (
        result.stderr.count(f"the metadata database at 127.0.0.1:{server.port} refuses the login in {URL}")
        == 1
    )
    assert "waiting" not in result.stderr
    assert "hush" not in result.stderr


def test_missing_database_is_no_reason_to_wait(
    tmp_path: Path, component: dict[str, str], server: Postgres
) -> None:
    url = f"postgresql://postgres@127.0.0.1:{server.port}/hush"
    result = start(tmp_path, "triggerer", environ={**component, **PATIENT, URL: url})
    assert result.stdout == STARTED
    assert "there is no such database (SQLSTATE 3D000)" in result.stderr
    assert "hush" not in result.stderr


def test_migration_waits_for_recovery(tmp_path: Path) -> None:
    with recovering_postgres() as (server, promote):
        environ = {**LONG, **database_environ(server.url("postgres")), "_AIRFLOW_DB_MIGRATE": "true"}
        with begin(tmp_path, *PRINT_STARTED, environ=environ) as process:
            log = read_until(process.stderr, "waiting for the metadata database")
            assert "SQLSTATE 57P03" in log
            promote()
            out, rest = process.communicate(timeout=300)
        assert (process.returncode, out) == (0, "started\n"), rest
        assert MIGRATION_LINE in rest


def test_wait_ends_with_75_in_recovery(tmp_path: Path, component: dict[str, str]) -> None:
    with recovering_postgres() as (server, _):
        url = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
        result = start(tmp_path, "triggerer", environ={**component, **QUICK, URL: url})
    assert result.returncode == 75
    assert "SQLSTATE 57P03" in result.stderr


def test_pgbouncer_without_server_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    """PgBouncer answers the login itself, and the query only with a server."""
    port, users = free_port(), {"postgres": "pooled"}
    environ = {**component, URL: database(port, "postgres", "pooled")}
    with postgres() as server:
        with pgbouncer(server.port, port, users=users):
            assert start(tmp_path, "triggerer", environ={**environ, **PATIENT}).stdout == STARTED
            hush = {URL: database(port, "postgres", "hush")}
            wrong = start(tmp_path, "triggerer", environ={**environ, **PATIENT, **hush})
            assert wrong.stdout == STARTED
            assert "refuses the login" in wrong.stderr
        with pgbouncer(free_port(), port, users=users):
            result = start(tmp_path, "triggerer", environ={**environ, **ONCE})
            assert result.returncode == 75
            assert "does not answer" in result.stderr or "no connection to its server" in result.stderr
            assert "pooled" not in result.stderr


def test_mariadb_without_free_connection_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    with mariadb() as server:
        environ = {**component, URL: f"mysql+mysqldb://root@127.0.0.1:{server.port}/mysql"}
        assert start(tmp_path, "triggerer", environ={**environ, **PATIENT}).stdout == STARTED
        server.sql("", "SET GLOBAL max_connections = 10")
        connections = [connect(server)]
        # One that has been closed counts for a moment longer, and would be free afterwards.
        wait_until(lambda: count_connections(connections[0]) == 1)
        with contextlib.suppress(pymysql.err.OperationalError):
            while len(connections) <= 20:
                connections.append(connect(server))
        result = start(tmp_path, "triggerer", environ={**environ, **QUICK})
        for connection in connections:
            connection.close()
        assert result.returncode == 75
        assert "it has too many connections (error 1040)" in result.stderr


def connect(server: MariaDB) -> Any:
    return pymysql.connect(host="127.0.0.1", port=server.port, user="root", connect_timeout=300)


def count_connections(connection: Any) -> int:
    """Return how many connections count towards the server's limit."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Threads_connected'")
        return int(cursor.fetchone()[1])


def test_postgresql_with_tls_takes_login(
    tmp_path: Path, component: dict[str, str], certificate: Path, server: Postgres
) -> None:
    data = Path(server.sql("postgres", "SHOW data_directory")[0][0])
    for name in ("server.crt", "server.key"):
        shutil.copy(certificate / name, data)
        os.chown(data / name, data.stat().st_uid, data.stat().st_gid)
        (data / name).chmod(0o600)
    server.sql("postgres", "ALTER SYSTEM SET ssl = on")
    server.sql("postgres", "SELECT pg_reload_conf()")
    wait_until(lambda: server.sql("postgres", "SHOW ssl") == [("on",)])
    try:
        for query in ("", "?sslmode=require", f"?sslmode=verify-full&sslrootcert={certificate}/server.crt"):
            url = f"postgresql://scram-sha-256:hush@localhost:{server.port}/postgres{query}"
            result = start(tmp_path, "triggerer", environ={**component, **PATIENT, URL: url})
            assert result.stdout == STARTED
            assert "wrong password (SQLSTATE 28P01)" in result.stderr
            assert "waiting" not in result.stderr
    finally:
        server.sql("postgres", "ALTER SYSTEM RESET ssl")
        server.sql("postgres", "SELECT pg_reload_conf()")
