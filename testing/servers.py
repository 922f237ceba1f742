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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run PostgreSQL; it refuses to run as root, so root runs it as the user postgres."""
    home = Path(tempfile.mkdtemp(prefix="postgres-"))
    data, port = home / "data", free_port()
    as_user: list[str] = []
    if os.getuid() == 0:
        os.chown(home, pwd.getpwnam("postgres").pw_uid, -1)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    try:
        initdb = [
            *as_user,
            str(binaries / "initdb"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "--no-instructions",
        ]
        subprocess.run(
            [*initdb, "-E", "UTF8", "--locale=C.UTF-8", "-D", str(data)],
            cwd=home,
            check=True,
            capture_output=True,
        )
        options = [word for setting in UNSAFE_BUT_FAST for word in ("-c", setting)]
        access = ["-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        with running([*as_user, str(binaries / "postgres"), *access, *options], port, home):
            server = Postgres(port)
            retry(lambda: server.sql("postgres", "SELECT 1"), psycopg2.OperationalError)
            yield server
    finally:
        shutil.rmtree(home)


@contextmanager
def redis() -> Iterator[str]:
    """Run Redis without persistence, and yield its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as home:
        words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", home]
        with running(words, port, Path(home)):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def rabbitmq() -> Iterator[str]:
    """Run RabbitMQ with a separate port mapper, and yield its URL."""
    port, mapper = free_port(), free_port()
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
