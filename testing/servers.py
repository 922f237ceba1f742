"""A real PostgreSQL, Redis or RabbitMQ for a test, on a loopback port and in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]

from testing.waiting import retry

# Keeping data safe on a power cut would take most of a test's time.
UNSAFE_BUT_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")

PORTS = range(10000, 30000)  # Linux assigns client ports from 32768 on
CLAIMS: list[socket.socket] = []


class Postgres:
    """A running PostgreSQL with the superuser `postgres` that accepts everyone without a password."""

    def __init__(self, port: int) -> None:
        self.port = port

    def create(self, database: str, template: str = "template1") -> str:
        """Create a database, as a copy of `template`, and return its SQLAlchemy URL."""
        self.sql("postgres", f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url(database)

    def url(self, database: str, user: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg2://{user}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str) -> Any:
        """Return a psycopg2 connection that commits each statement."""
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database)
        connection.autocommit = True
        return connection

    def sql(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def free_port(ports: range = PORTS) -> int:
    """Return a port of 127.0.0.1 that is free and that no other run of the tests gets while this process lives.

    A socket in Linux's abstract namespace, which ends with the process, claims it.
    """
    for port in random.sample(ports, len(ports)):
        claim = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as probe:
            claim.bind(f"\0astro-runtime-tests-{port}")
            probe.bind(("127.0.0.1", port))
            CLAIMS.append(claim)
            return port
        claim.close()
    raise OSError(f"no port of {ports} is free")


def log_server_ports() -> dict[str, str]:
    """Return variables with which an Airflow's log servers have ports of their own: pages ask them for logs."""
    kinds = ("WORKER", "TRIGGER")
    return {f"AIRFLOW__LOGGING__{kind}_LOG_SERVER_PORT": str(free_port()) for kind in kinds}


class PostgresCluster:
    """The files of a PostgreSQL; it refuses to run as root, so root runs it as the user postgres."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.as_user: list[str] = []
        if os.getuid() == 0:
            os.chown(home, pwd.getpwnam("postgres").pw_uid, -1)
            self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs to its end."""
        path = str(self.binaries / program)
        environ = {**os.environ, "PGCTLTIMEOUT": "300"}  # seconds; its default is a minute
        subprocess.run(
            [*self.as_user, path, *words], cwd=self.home, check=True, capture_output=True, env=environ
        )

    def server(self, port: int, *settings: str) -> list[str]:
        """Return the command line of the server."""
        options = [word for setting in (*UNSAFE_BUT_FAST, *settings) for word in ("-c", setting)]
        access = ["-D", str(self.data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        return [*self.as_user, str(self.binaries / "postgres"), *access, *options]


@contextmanager
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Create the files of a PostgreSQL; they are deleted at the end of the block."""
    cluster = PostgresCluster(Path(tempfile.mkdtemp(prefix="postgres-")))
    files = ["-E", "UTF8", "--locale=C.UTF-8", "-D", str(cluster.data), "--no-sync", "--no-instructions"]
    try:
        cluster.run("initdb", "-U", "postgres", "-A", "trust", *files)
        yield cluster
    finally:
        shutil.rmtree(cluster.home)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run PostgreSQL."""
    port = free_port()
    with postgres_cluster() as cluster, running(cluster.server(port), port, cluster.home):
        server = Postgres(port)
        retry(lambda: server.sql("postgres", "SELECT 1"), psycopg2.OperationalError)
        yield server


InterruptiblePostgres = tuple[Postgres, Callable[[], AbstractContextManager[None]]]


@contextmanager
def interruptible_postgres() -> Iterator[InterruptiblePostgres]:
    """Run PostgreSQL, and yield it with a context in which it is away: killed, without an end of its connections."""
    port = free_port()
    server = Postgres(port)
    with postgres_cluster() as cluster, ExitStack() as current:

        def start() -> None:
            words = cluster.server(port, "synchronous_commit=on")  # else the kill loses transactions
            current.enter_context(running(words, port, cluster.home))
            retry(lambda: server.sql("postgres", "SELECT 1"), psycopg2.OperationalError)

        @contextmanager
        def away() -> Iterator[None]:
            cluster.run("pg_ctl", "stop", "-m", "immediate", "-D", str(cluster.data))
            current.close()
            yield
            start()

        start()
        yield server, away


@contextmanager
def recovering_postgres() -> Iterator[tuple[Postgres, Callable[[], None]]]:
    """Run PostgreSQL in a recovery that refuses logins (57P03), and yield it with what ends the recovery."""
    port = free_port()
    with postgres_cluster() as cluster:
        (cluster.data / "standby.signal").touch()
        with running(cluster.server(port, "hot_standby=off"), port, cluster.home):
            yield Postgres(port), lambda: cluster.run("pg_ctl", "promote", "-D", str(cluster.data))


@contextmanager
def pgbouncer(
    server_port: int, port: int, users: Mapping[str, str], options: Mapping[str, object] | None = None
) -> Iterator[None]:
    """Run PgBouncer on `port` before the PostgreSQL on `server_port`, with passwords by user.

    `options` are more of PgBouncer's settings.
    """
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        home = Path(folder)
        (home / "users").write_text("".join(f'"{user}" "{password}"\n' for user, password in users.items()))
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": home / "users",
            "server_login_retry": 1,
            **(options or {}),
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        databases = f"* = host=127.0.0.1 port={server_port}\n"
        (home / "ini").write_text(f"[databases]\n{databases}[pgbouncer]\n{lines}")
        home.chmod(0o755)
        user = ["--user", "postgres"] if os.getuid() == 0 else []
        with running(["/usr/sbin/pgbouncer", *user, str(home / "ini")], port, home):
            yield


@contextmanager
def redis(*options: str, home: Path | None = None, port: int | None = None) -> Iterator[str]:
    """Run Redis, without persistence unless `home` is given, and yield its URL."""
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        files = ["--save", "", "--dir", str(home or folder)]
        words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), *files, *options]
        with running(words, port, Path(folder)):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def sentinel(monitored: str) -> Iterator[str]:
    """Run Redis's Sentinel, and yield its URL. `monitored` are the directives for its masters."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sentinel-") as home:
        path = Path(home) / "sentinel.conf"
        path.write_text(f"bind 127.0.0.1\nport {port}\ndir {home}\n{monitored}\n")
        with running(["redis-server", str(path), "--sentinel"], port, Path(home)):
            yield f"sentinel://127.0.0.1:{port}/0"


@contextmanager
def rabbitmq(port: int | None = None) -> Iterator[str]:
    """Run RabbitMQ with a separate port mapper, and yield its URL."""
    port, mapper = port or free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="rabbitmq-") as home:
        settings = {
            "HOME": home,
            "RABBITMQ_NODENAME": f"rabbit-{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{home}/logs",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq",
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        environ = {**os.environ, **settings}
        port_mapper = ["epmd", "-port", str(mapper), "-address", "127.0.0.1"]
        server = ["/usr/lib/rabbitmq/bin/rabbitmq-server"]
        with running(port_mapper, mapper, Path(home), environ), running(server, port, Path(home), environ):
            yield f"amqp://guest:guest@127.0.0.1:{port}//"


@contextmanager
def running(
    words: Sequence[str], port: int, home: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block, which starts once it listens on `port`. Its output is in `home`/log."""
    with (
        open(home / "log", "ab") as log,
        subprocess.Popen(words, cwd=home, stdout=log, stderr=log, env=environ) as server,
    ):
        try:
            retry(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), OSError, server)
            yield server
        finally:
            server.terminate()
            try:
                server.wait(5)  # on SIGTERM PostgreSQL waits for its clients
            except subprocess.TimeoutExpired:
                server.send_signal(2)
