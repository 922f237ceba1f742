"""A metadata database for a fault test behind a gate: PostgreSQL, alone or with a standby, or MariaDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from testing.entrypoint_process import CHECKOUT
from testing.faults.primary_balancer import primary_balancer
from testing.faults.replicated_postgres import PostgresStandby, replicated_postgres
from testing.faults.tcp_gate import TcpGate, tcp_gate
from testing.mariadb import MariaDB, mariadb
from testing.servers import Postgres, free_port, pgbouncer, postgres

NAME = "airflow"
POOLING = {"pool_mode": "transaction", "auth_type": "trust", "max_client_conn": 1000, "default_pool_size": 80}
# Without its own module, for stock Airflow: the folder of the Runtime's is on the path of both.
POOLED = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC": "astro_runtime_plugin.database.pooler.ASYNC_CONNECT_ARGS"
}
MARIADB = {
    # Airflow's own choice for MySQL, for which it does not take this driver; else its indexes are too long.
    "AIRFLOW__DATABASE__SQL_ENGINE_COLLATION_FOR_IDS": "utf8mb3_bin",
    "PYTHONPATH": f"{Path(__file__).parent / 'mysql_client'}:{CHECKOUT}",
}


class GatedDatabase:
    """A database of a server, behind a gate; clients connect to `port`. `environ` is what Airflow needs for it."""

    standby: PostgresStandby | None = None

    def __init__(self, server: Postgres | MariaDB, gate: TcpGate, name: str, port: int = 0) -> None:
        self.server, self.gate, self._name = server, gate, name
        self.port = port or server.port
        self.environ: dict[str, str] = {}

    def url_at(self, port: int) -> str:
        """Return the SQLAlchemy URL through a gate."""
        return self.server.url(self._name).replace(f":{self.server.port}/", f":{port}/")

    def lose_primary(self) -> None:
        """Kill the server that has a standby."""
        assert self.standby
        self.standby.lose_primary()

    def fail_over(self) -> None:
        """Let the standby take over; the balancer notices that."""
        assert self.standby
        self.standby.take_over()
        self.server = self.standby.server

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement, not through the gate."""
        return [tuple(row) for row in self.server.sql(self._name, statement)]


@contextmanager
def gated_database(name: str) -> Iterator[GatedDatabase]:
    """Run "postgresql", "postgresql-standby" behind HAProxy and PgBouncer, or "mariadb", with an empty database."""
    runs = {"postgresql": _single, "postgresql-standby": _replicated, "mariadb": _mariadb}
    with runs[name]() as database:
        yield database


@contextmanager
def gate_before(server: Postgres | MariaDB, name: str, port: int = 0) -> Iterator[GatedDatabase]:
    """Run a gate before a database of a running server, to which clients connect on `port` if it has another one."""
    with tcp_gate(port or server.port) as gate:
        yield GatedDatabase(server, gate, name, port)


@contextmanager
def _single() -> Iterator[GatedDatabase]:
    with postgres() as server:
        server.create(NAME)
        with gate_before(server, NAME) as database:
            yield database


@contextmanager
def _mariadb() -> Iterator[GatedDatabase]:
    with mariadb() as server:
        server.create(NAME)
        with gate_before(server, NAME) as database:
            database.environ = MARIADB
            yield database


@contextmanager
def _replicated() -> Iterator[GatedDatabase]:
    with ExitStack() as stack:
        server, standby = stack.enter_context(replicated_postgres())
        server.create(NAME)
        balancer = stack.enter_context(primary_balancer(server.port, standby.server.port))
        port = free_port()
        stack.enter_context(pgbouncer(balancer, port, {"postgres": ""}, POOLING))
        database = stack.enter_context(gate_before(server, NAME, port))
        database.standby, database.environ = standby, POOLED
        yield database
