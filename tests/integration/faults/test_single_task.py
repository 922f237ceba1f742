"""A fault of a single task hits one that works on, with real processes that write into a real ledger."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from bench.faults.component_faults import kill_supervisor, kill_task, terminate_supervisor
from bench.faults.content_faults import BREAK, spoil_trigger
from bench.faults.victim import MissedError, check_hit, check_not_over, choose_victim
from testing.entrypoint_process import CHECKOUT
from testing.faults.attempts import AirflowTry, TaskId
from testing.faults.database import GatedDatabase, gate_before
from testing.faults.ledger import Ledger
from testing.faults.load import TaskLoad
from testing.faults.trial import FaultTrial
from testing.servers import Postgres
from testing.waiting import wait_until

WORK = """
import sys, types
from testing.faults.ledger_writer import LedgerEntry
ti = types.SimpleNamespace(dag_id="dag", run_id="run", task_id=sys.argv[2], map_index=-1, try_number=1)
with LedgerEntry(sys.argv[1], ti) as entry:
    entry.work(float(sys.argv[3]))
"""
# The shell is the supervisor of the process that works.
SUPERVISED = f'"{sys.executable}" -c "$0" "$@"; exit 0'
LONG = 600.0  # of which the victim has most ahead, however slow the machine is


@contextmanager
def work(ledger: Ledger, name: str, seconds: float = LONG) -> Iterator[psutil.Process]:
    words = ["sh", "-c", SUPERVISED, WORK, ledger.dsn, name, str(seconds)]
    with subprocess.Popen(words, cwd=CHECKOUT) as supervisor:
        family = psutil.Process(supervisor.pid)
        (worker,) = wait_until(family.children)
        try:
            yield worker
        finally:
            for process in (worker, family):
                if process.is_running():
                    process.kill()


@pytest.fixture
def database(metadata: Postgres, request: pytest.FixtureRequest) -> Iterator[GatedDatabase]:
    name = f"single_{abs(hash(request.node.name))}"
    metadata.create(name, "migrated")
    with gate_before(metadata, name) as gated:
        yield gated


@pytest.fixture
def trial(metadata: Postgres, database: GatedDatabase, tmp_path: Path) -> FaultTrial:
    system: Any = SimpleNamespace(database=database, home=tmp_path, describe=str)
    ledger = Ledger(metadata, f"ledger_of_{database.sql('SELECT current_database()')[0][0]}")
    return FaultTrial(system, ledger, TaskLoad(seconds=LONG))


def running(trial: FaultTrial, count: int) -> None:
    wait_until(lambda: len(trial.running()) == count)


@pytest.mark.parametrize("fault", [kill_task, kill_supervisor, terminate_supervisor])
def test_fault_of_one_task_strikes_the_youngest(trial: FaultTrial, fault: Any) -> None:
    with work(trial.ledger, "old") as old:
        running(trial, 1)
        with work(trial.ledger, "young"):
            running(trial, 2)
            wait_until(lambda: choose_victim(trial).task == TaskId("dag", "young"))
            fault(trial)
            assert old.is_running()
    assert trial.struck.all == [AirflowTry(TaskId("dag", "young"), 1)]


def test_fault_that_comes_after_the_end_of_its_victim_is_missed(trial: FaultTrial) -> None:
    with work(trial.ledger, "short", seconds=10.0) as worker:
        victim = choose_victim(trial)
        worker.wait()
        with pytest.raises(MissedError, match="hit no task"):
            check_not_over(trial, victim)
    with pytest.raises(MissedError, match="hit no task"):
        check_hit(trial.struck.all)


def test_trigger_that_is_gone_is_not_spoiled(database: GatedDatabase) -> None:
    assert spoil_trigger(database) is None
    columns = "id, classpath, kwargs, created_date"
    values = "1, 'some.Trigger', '{}', now()"
    database.sql(f"INSERT INTO trigger ({columns}) VALUES ({values})")
    assert database.sql(BREAK.format(id=1)) == [(1,)]
    assert database.sql(BREAK.format(id=2)) == []
