"""PostgreSQL with a standby that has every commit before it is acknowledged, and can take over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil  # type: ignore[import-untyped]
import psycopg2  # type: ignore[import-untyped]

from testing.faults.supervised_component import kill_family
from testing.servers import Postgres, PostgresCluster, free_port, postgres_cluster, running
from testing.waiting import retry, wait_until

STREAMING = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
IN_RECOVERY = "SELECT pg_is_in_recovery()"


class PostgresStandby:
    """A standby of a running primary."""

    def __init__(self, server: Postgres, cluster: PostgresCluster, primary: PostgresCluster) -> None:
        self.server = server
        self._cluster, self.primary = cluster, primary

    def lose_primary(self) -> None:
        """Kill all processes of the primary at once, as when its machine is gone."""
        postmaster = psutil.Process(int((self.primary.data / "postmaster.pid").read_text().split()[0]))
        kill_family(lambda: [postmaster, *postmaster.children(recursive=True)])

    def take_over(self) -> None:
        """Promote the standby, and return when it accepts writes."""
        self._cluster.run("pg_ctl", "promote", "-D", str(self._cluster.data))
        wait_until(lambda: self.server.sql("postgres", IN_RECOVERY) == [(False,)])


@contextmanager
def replicated_postgres() -> Iterator[tuple[Postgres, PostgresStandby]]:
    """Run a primary, and its standby."""
    with ExitStack() as stack:
        primary, cluster = (stack.enter_context(postgres_cluster()) for _ in range(2))
        server, standby = Postgres(free_port()), Postgres(free_port())
        _run(stack, primary, server)
        source = f"host=127.0.0.1 port={server.port} user=postgres"
        shutil.rmtree(cluster.data)  # the primary's take its place
        cluster.run("pg_basebackup", "-d", source, "-D", str(cluster.data), "-R", "--checkpoint=fast")
        _run(stack, cluster, standby)
        server.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
        server.sql("postgres", "SELECT pg_reload_conf()")
        wait_until(lambda: server.sql("postgres", STREAMING) == [(1,)])
        yield server, PostgresStandby(standby, cluster, primary)


def _run(stack: ExitStack, cluster: PostgresCluster, server: Postgres) -> None:
    words = cluster.server(server.port, "synchronous_commit=on")
    stack.enter_context(running(words, server.port, cluster.home))
    retry(lambda: server.sql("postgres", "SELECT 1"), psycopg2.OperationalError)
