"""A whole Airflow with Celery loses no task while its parts fail, one after the other: `make faults` in short.

The ledger, in which each run of a task's code writes its start and its end, is what the result is judged by.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from testing.faults.database import gate_before
from testing.faults.ledger import Ledger
from testing.faults.load import TaskLoad
from testing.faults.system import SystemKind, airflow_system
from testing.faults.trial import FaultTrial
from testing.servers import Postgres

LOAD = TaskLoad(plain=16, mapped=10, deferred=4, sensors=3, assets=4, seconds=6)
KIND = SystemKind(schedulers=1, workers=2, slots=6)
SERVERS = ("database", "broker")
OUTAGE_SECONDS, PATIENCE_SECONDS = 20, 400
# A busy machine may take longer than Airflow's second to send a task, and its five for an answer to a task.
CFG = """\
[celery]
operation_timeout = 60

[workers]
execution_api_timeout = 60
"""


@pytest.mark.timeout(1800)
def test_no_task_is_lost_when_scheduler_and_servers_fail(tmp_path: Path, metadata: Postgres) -> None:
    (tmp_path / "airflow.cfg").write_text(CFG)
    metadata.create("faults", "migrated")
    ledger = Ledger(metadata)
    with (
        gate_before(metadata, "faults") as database,
        airflow_system(tmp_path, KIND, database=database) as system,
    ):
        LOAD.install(system.dags, ledger.dsn)
        system.start(len(LOAD.dag_ids()) + LOAD.assets)
        trial = FaultTrial(system, ledger, LOAD)
        trial.trigger()
        trial.wait_for_running(2)
        system.components["scheduler-0"].kill()
        trial.wait_for_running(2, done=8)
        for server in SERVERS:
            with system.away(server):
                time.sleep(OUTAGE_SECONDS)
        result = trial.finish(PATIENCE_SECONDS)
        assert (result.examples, result.cut_off, result.repeated) == ((), 0, 0), system.describe()
        assert (result.planned, result.finished is None) == (len(LOAD.plan()), False)
