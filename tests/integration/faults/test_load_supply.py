"""A load goes on while a fault lasts, with a real database and Airflow's own command for each round."""

from __future__ import annotations

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


def test_next_round_begins_when_little_is_left_though_the_database_is_away(
    tmp_path: Path, metadata: Postgres
) -> None:
    metadata.create("supplied", "migrated")
    with (
        gate_before(metadata, "supplied") as database,
        airflow_system(tmp_path, SystemKind(""), database=database) as system,
    ):
        trial = FaultTrial(system, Ledger(metadata, "ledger_of_supplied"), LOAD)
        LOAD.install(system.dags, trial.ledger.dsn)
        system.execute("dags reserialize")
        with pytest.raises(LoadOverError, match="before the fault did"):
            check_left(trial)
        trial.trigger()
        check_left(trial)
        assert (trial.rounds, trial.left()) == (1, len(LOAD.plan()))
        with load_supply(trial), system.away("database"):
            database.sql("UPDATE task_instance SET state = 'success'")
            wait_until(lambda: trial.rounds == 2)
        assert trial.left() == 1 + 5  # what the asset triggers, and the round without assets
        assert {planned.task.run_id for planned in trial.plan} == {"", "round-0", "round-2"}
        assert len(trial.plan) == len({planned.task for planned in trial.plan})
        assert len(trial.end_of_fault().waiting) == 6
