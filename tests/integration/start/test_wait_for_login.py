"""The start waits until real databases and brokers take a login, and says so once if they refuse it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql  # type: ignore[import-untyped]
import pytest
import redis as redis_client

from testing.database_setup import MIGRATION_LINE, PRINT_STARTED, database_environ
from testing.entrypoint_process import begin, start
from testing.mariadb import mariadb
from testing.servers import (
    Postgres,
    free_port,
    pgbouncer,
    postgres,
    rabbitmq,
    recovering_postgres,
    redis,
    sentinel,
)
from testing.waiting import read_until

QUICK = {"CONNECTION_CHECK_MAX_COUNT": "2", "CONNECTION_CHECK_SLEEP_TIME": "0.2"}
LONG = {"CONNECTION_CHECK_MAX_COUNT": "2000", "CONNECTION_CHECK_SLEEP_TIME": "0.5"}
URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
BROKER = "AIRFLOW__CELERY__BROKER_URL"
CELERY = {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}
MASTER = {"AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__MASTER_NAME": "mymaster"}
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
        running.sql("postgres", "SELECT pg_reload_conf()")
        yield running


def database(port: int, user: str, password: str = PASSWORD) -> str:
    return f"postgresql+psycopg2://{user}:{password}@127.0.0.1:{port}/postgres"


@pytest.mark.parametrize("method", ["scram-sha-256", "md5", "password"])
def test_login_by_any_method_ends_wait(
    tmp_path: Path, component: dict[str, str], server: Postgres, method: str
) -> None:
    result = start(tmp_path, "triggerer", environ={**component, **QUICK, URL: database(server.port, method)})
    assert result.stdout == STARTED
    assert "metadata database" not in result.stderr


@pytest.mark.parametrize("method", ["scram-sha-256", "md5", "password", "reject"])
def test_refused_login_is_no_reason_to_wait(
    tmp_path: Path, component: dict[str, str], server: Postgres, method: str
) -> None:
    url = database(server.port, method, "hush")
    result = start(tmp_path, "triggerer", environ={**component, **QUICK, URL: url})
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
    result = start(tmp_path, "triggerer", environ={**component, **QUICK, URL: url})
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
        with pgbouncer(server.port, port, **users):
            assert start(tmp_path, "triggerer", environ={**environ, **QUICK}).stdout == STARTED
            wrong = start(
                tmp_path, "triggerer", environ={**environ, **QUICK, URL: database(port, "postgres", "hush")}
            )
            assert wrong.stdout == STARTED
            assert "refuses the login" in wrong.stderr
        with pgbouncer(free_port(), port, **users):
            result = start(tmp_path, "triggerer", environ={**environ, **QUICK})
            assert result.returncode == 75
            assert "does not answer" in result.stderr or "no connection to its server" in result.stderr
            assert "pooled" not in result.stderr


def test_mariadb_without_free_connection_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    with mariadb() as server:
        environ = {**component, **QUICK, URL: f"mysql+mysqldb://root@127.0.0.1:{server.port}/mysql"}
        assert start(tmp_path, "triggerer", environ=environ).stdout == STARTED
        server.sql("", "SET GLOBAL max_connections = 10")
        connections: list[Any] = []
        with contextlib.suppress(pymysql.err.OperationalError):
            while len(connections) <= 20:
                connections.append(pymysql.connect(host="127.0.0.1", port=server.port, user="root"))
        result = start(tmp_path, "triggerer", environ=environ)
        for connection in connections:
            connection.close()
        assert result.returncode == 75
        assert "it has too many connections (error 1040)" in result.stderr


def worker(home: Path, environ: dict[str, str], url: str, **more: str) -> tuple[int, str]:
    """Start Flower, which needs the broker only; return the exit code and the lines about the broker."""
    result = start(home, "celery", "flower", environ={**environ, **QUICK, **CELERY, BROKER: url, **more})
    return result.returncode, "\n".join(line for line in result.stderr.splitlines() if "broker" in line)


def with_password(url: str, password: str) -> str:
    return url.replace("://", f"://:{password}@")


def test_redis_that_loads_its_data_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    secured = ("--requirepass", "pw", "--enable-debug-command", "yes")
    with redis(*secured, home=data) as url:
        client = redis_client.Redis.from_url(with_password(url, "pw"))
        client.execute_command("DEBUG", "POPULATE", "2000", "key", "2000")  # type: ignore[no-untyped-call]
        client.save()
        assert worker(tmp_path, component, with_password(url, "pw"))[0] == 0
        code, log = worker(tmp_path, component, with_password(url, "hush"))
        assert code == 0
        assert "refuses the login" in log
        assert "hush" not in log
    slow = ("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
    with redis(*secured, *slow, home=data) as url:
        code, log = worker(tmp_path, component, with_password(url, "pw"))
        assert (code, "it is loading its data (LOADING)" in log) == (75, True), log


def test_sentinel_without_master_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    with redis("--requirepass", "pw") as master:
        port = urlsplit(master).port
        monitor = f"sentinel monitor mymaster 127.0.0.1 {port} 1\nsentinel auth-pass mymaster pw"
        with sentinel(monitor) as url:
            assert worker(tmp_path, component, with_password(url, "pw"), **MASTER)[0] == 0
            assert "refuses" in worker(tmp_path, component, with_password(url, "hush"), **MASTER)[1]
            other = dict.fromkeys(MASTER, "other")
            code, log = worker(tmp_path, component, with_password(url, "pw"), **other)
            assert (code, "it does not know a master" in log) == (75, True), log
    with sentinel(f"sentinel monitor mymaster 127.0.0.1 {port} 1") as url:
        code, log = worker(tmp_path, component, url, **MASTER)
        assert (code, "the master that it names is not reachable" in log) == (75, True), log


def test_rabbitmq_ends_wait(tmp_path: Path, component: dict[str, str]) -> None:
    with rabbitmq() as url:
        code, log = worker(tmp_path, component, url)
        assert (code, log) == (0, "")


def test_redis_socket_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    path = tmp_path / "redis.sock"
    url = f"redis+socket://:pw@{path}"
    assert worker(tmp_path, component, url)[0] == 75
    with redis("--requirepass", "pw", "--unixsocket", str(path)):
        assert worker(tmp_path, component, url) == (0, "")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with `server.crt`, which is its own authority, and `server.key`."""
    folder = tmp_path_factory.mktemp("certificate")
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    subprocess.run([*words, *names, *files], check=True, capture_output=True)
    yield folder
    shutil.rmtree(folder)


def test_redis_with_tls_is_awaited(tmp_path: Path, component: dict[str, str], certificate: Path) -> None:
    port = free_port()
    files = ["--tls-cert-file", f"{certificate}/server.crt", "--tls-key-file", f"{certificate}/server.key"]
    tls = ["--tls-port", str(port), *files, "--tls-auth-clients", "no", "--requirepass", "pw"]
    with redis(*tls):
        for query in (
            "?ssl_cert_reqs=none",
            f"?ssl_cert_reqs=required&ssl_ca_certs={certificate}/server.crt",
        ):
            for password, refused in (("pw", False), ("hush", True)):
                url = f"rediss://:{password}@localhost:{port}/0{query}"
                code, log = worker(tmp_path, component, url)
                assert (code, "refuses" in log) == (0, refused), log
        # The probe sends no password to a server that it cannot verify; the component will say more.
        url = f"rediss://:hush@localhost:{port}/0?ssl_cert_reqs=required"
        assert worker(tmp_path, component, url) == (0, "")


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
    try:
        for query in ("", "?sslmode=require", f"?sslmode=verify-full&sslrootcert={certificate}/server.crt"):
            url = f"postgresql://scram-sha-256:hush@localhost:{server.port}/postgres{query}"
            result = start(tmp_path, "triggerer", environ={**component, **QUICK, URL: url})
            assert result.stdout == STARTED
            assert "wrong password (SQLSTATE 28P01)" in result.stderr
            assert "waiting" not in result.stderr
    finally:
        server.sql("postgres", "ALTER SYSTEM RESET ssl")
        server.sql("postgres", "SELECT pg_reload_conf()")
