"""A load in rounds, with a real database and Airflow's own command for each round; the test plays the scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.faults.matrix import LoadOverError, check_left
from testing.faults.database import gate_before
from testing.faults.ledger import Ledger
from testing.faults.load import TaskLoad
from testing.faults.load_supply import load_supply
from testing.faults.system import SystemKind, airflow_system
from testing.faults.trial import FaultTrial
from testing.servers import Postgres
from testing.waiting import wait_until

LOAD = TaskLoad(plain=3, mapped=0, deferred=0, sensors=0, assets=1)
END_TASKS = "UPDATE task_instance SET state = 'success'"
END_RUNS = "UPDATE dag_run SET state = 'success' WHERE dag_id = 'plain'"


@pytest.fixture
def trial(tmp_path: Path, metadata: Postgres, request: pytest.FixtureRequest) -> Iterator[FaultTrial]:
    name = f"rounds_{abs(hash(request.node.name))}"
    metadata.create(name, "migrated")
    with (
        gate_before(metadata, name) as database,
        airflow_system(tmp_path, SystemKind(""), database=database) as system,
    ):
        ledger = Ledger(metadata, f"ledger_of_{name}")
        LOAD.install(system.dags, ledger.dsn)
        system.execute("dags reserialize")
        yield FaultTrial(system, ledger, LOAD)


def test_next_round_begins_when_little_is_left_though_the_database_is_away(trial: FaultTrial) -> None:
    system = trial.system
    trial.trigger()
    assert (trial.rounds, trial.left()) == (1, len(LOAD.plan()))
    with load_supply(trial), system.away("database"):
        system.database.sql(END_TASKS)
        wait_until(lambda: trial.rounds == 2)
    assert trial.left() == 1 + 5  # what the asset triggers, and the round without assets
    assert {planned.task.run_id for planned in trial.plan} == {"", "round-0", "round-2"}
    assert len(trial.plan) == len({planned.task for planned in trial.plan})
    assert len(trial.end_of_fault().waiting) == 6


def test_load_that_has_ended_before_its_fault_is_an_error(trial: FaultTrial) -> None:
    with pytest.raises(LoadOverError, match="before the fault did"):
        check_left(trial)
    trial.trigger()
    check_left(trial)


def test_run_that_does_not_end_though_its_tasks_have_is_hung(trial: FaultTrial) -> None:
    trial.trigger()
    assert trial.finish(0).hung_runs == 0  # as its tasks are
    trial.system.database.sql(END_TASKS)
    assert trial.finish(0).hung_runs == 2
    trial.system.database.sql(END_RUNS)
    result = trial.finish(0)
    assert (result.hung_runs, result.is_good) == (1, False)
    assert "producers round-0 hung: its tasks have ended, Airflow says queued" in result.examples
