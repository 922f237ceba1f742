"""The servers of a fault test: a ledger that sees what a task's code does, and a standby that takes over."""

from __future__ import annotations

from types import SimpleNamespace

import psycopg2  # type: ignore[import-untyped]
import pytest

from testing.faults.attempts import DONE, FAILED, INTERRUPTED, RESCHEDULED, TaskId
from testing.faults.database import gated_database
from testing.faults.ledger import Ledger
from testing.faults.ledger_writer import LedgerEntry
from testing.servers import Postgres
from testing.waiting import retry


def task_instance(number: int) -> SimpleNamespace:
    return SimpleNamespace(dag_id="dag", run_id="run", task_id="task", map_index=number, try_number=1)


def test_ledger_has_how_each_attempt_ended(metadata: Postgres) -> None:
    ledger = Ledger(metadata, "attempts")
    with LedgerEntry(ledger.dsn, task_instance(0)) as entry:
        entry.work(0.1)
    with pytest.raises(RuntimeError), LedgerEntry(ledger.dsn, task_instance(1)):
        raise RuntimeError
    with pytest.raises(SystemExit), LedgerEntry(ledger.dsn, task_instance(2)):
        raise SystemExit
    with LedgerEntry(ledger.dsn, task_instance(3)) as entry:
        entry.outcome = RESCHEDULED
    LedgerEntry(ledger.dsn, task_instance(4))
    attempts = ledger.attempts()
    assert [attempt.outcome for attempt in attempts] == [DONE, FAILED, INTERRUPTED, RESCHEDULED, None]
    assert [attempt.task for attempt in attempts] == [TaskId("dag", "task", number) for number in range(5)]
    assert attempts[0].start + 0.1 <= attempts[0].end <= ledger.now()
    assert ledger.attempts(ledger.last_id() - 1) == attempts[-1:]


def test_standby_takes_over_with_every_commit_behind_balancer_and_pooler() -> None:
    with gated_database("postgresql-standby") as database:

        def run(statement: str) -> None:
            """Repeat a statement, which does nothing if it was committed and its answer was cut off."""
            clients = Postgres(database.gate.port)
            retry(lambda: clients.sql("airflow", statement), psycopg2.Error)

        run("CREATE TABLE IF NOT EXISTS kept (number int PRIMARY KEY)")
        run("INSERT INTO kept VALUES (1) ON CONFLICT DO NOTHING")
        database.lose_primary()
        assert database.standby
        assert (database.standby.primary.data / "postmaster.pid").exists()  # only SIGKILL leaves it behind
        database.fail_over()
        run("INSERT INTO kept VALUES (2) ON CONFLICT DO NOTHING")
        assert database.sql("SELECT number FROM kept ORDER BY number") == [(1,), (2,)]
