"""The ledger: a PostgreSQL of its own in which each run of a task's code is a row. It does not trust Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from testing.faults.attempts import Attempt, TaskId, round_of
from testing.servers import Postgres, postgres

TABLE = """
    CREATE TABLE attempt (
        id bigserial PRIMARY KEY, dag_id text, run_id text, task_id text, map_index int, try_number int,
        pid int, host text, started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        seen_at timestamptz NOT NULL DEFAULT clock_timestamp(), outcome text)"""
ATTEMPTS = """
    SELECT dag_id, task_id, map_index, run_id, try_number, pid, extract(epoch FROM started_at),
        extract(epoch FROM seen_at), outcome
    FROM attempt WHERE id > {after} ORDER BY id"""


class Ledger:
    """The ledger in a running server; `dsn` is what its writers need."""

    def __init__(self, server: Postgres, name: str = "ledger") -> None:
        self._server, self._name = server, name
        server.create(name)
        server.sql(name, TABLE)
        self.dsn = f"host=127.0.0.1 port={server.port} user=postgres dbname={name}"

    def now(self) -> float:
        """Return the time of its clock, in seconds."""
        return float(self._server.sql(self._name, "SELECT extract(epoch FROM clock_timestamp())")[0][0])

    def last_id(self) -> int:
        """Return the id of the last row, to tell later ones from; 0 if there is none."""
        return int(self._server.sql(self._name, "SELECT coalesce(max(id), 0) FROM attempt")[0][0])

    def attempts(self, after: int = 0) -> list[Attempt]:
        """Return the attempts with greater ids, in the order of their start."""
        return [
            Attempt(
                TaskId(dag, task, index, round_of(run)),
                number,
                pid,
                float(start),
                float(end),
                outcome,
            )
            for dag, task, index, run, number, pid, start, end, outcome in self._server.sql(
                self._name, ATTEMPTS.format(after=after)
            )
        ]


@contextmanager
def ledger() -> Iterator[Ledger]:
    """Run a server with an empty ledger."""
    with postgres() as server:
        yield Ledger(server)
