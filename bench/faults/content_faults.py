"""Faults of what Airflow reads: a DAG file, a serialized DAG, a trigger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from bench.faults.system_fault import SystemFault
from testing.faults.attempts import AirflowTry, TaskId, round_of
from testing.faults.database import GatedDatabase
from testing.faults.trial import FaultTrial
from testing.waiting import wait_until

HANG_SECONDS, UNREADABLE_SECONDS = 90, 60
HANGING = "import time\nimport airflow  # a dag\ntime.sleep(86400)\n"
SPARE = """
from airflow import DAG
with DAG("spare", schedule=None, is_paused_upon_creation=True):
    pass
"""
IS_SERIALIZED = "SELECT count(*) FROM serialized_dag WHERE dag_id = 'spare'"
SPOIL = "UPDATE serialized_dag SET data = '{\"__version\": 1}', data_compressed = NULL WHERE dag_id = 'spare'"
DEFERRED = """
    SELECT dag_id, task_id, map_index, run_id, try_number, trigger_id FROM task_instance
    WHERE state = 'deferred' AND trigger_id IS NOT NULL ORDER BY trigger_id DESC"""
BREAK = "UPDATE trigger SET classpath = 'no.such.Trigger', triggerer_id = NULL WHERE id = {id} RETURNING id"


def hang_parsing(trial: FaultTrial) -> None:
    """Add a DAG file that never ends, and remove it after a while."""
    path = trial.system.dags / "hanging.py"
    path.write_text(HANGING)
    time.sleep(HANG_SECONDS)
    path.unlink()


def spoil_serialized_dag(trial: FaultTrial) -> None:
    """Let the scheduler find a queued run of a DAG that cannot be read."""
    system, path = trial.system, trial.system.dags / "spare.py"
    path.write_text(SPARE)
    wait_until(lambda: system.database.sql(IS_SERIALIZED) != [(0,)], system.describe)
    path.unlink()
    now = datetime.now(tz=timezone.utc).strftime("%Y%m%dT%H%M%S")
    system.execute(f"dags trigger spare --run-id spare_{now}")  # it waits, since the DAG is paused
    system.database.sql(SPOIL)
    system.execute("dags unpause spare -y")
    time.sleep(UNREADABLE_SECONDS)


def break_trigger(trial: FaultTrial) -> None:
    """Make the trigger of one waiting task one that cannot be built, and start the triggerer again."""
    database = trial.system.database
    struck: AirflowTry = wait_until(lambda: spoil_trigger(database), trial.system.describe)
    trial.strike([struck])
    trial.system.components["triggerer"].kill()


def spoil_trigger(database: GatedDatabase) -> AirflowTry | None:
    """Spoil the youngest trigger, and return the try that waits for it; None if there was none to spoil."""
    rows: list[Any] = database.sql(DEFERRED)
    for dag_id, task_id, index, run_id, number, trigger in rows[:1]:
        if database.sql(BREAK.format(id=trigger)):
            return AirflowTry(TaskId(dag_id, task_id, index, round_of(run_id)), number)
    return None


def content_faults() -> Iterator[SystemFault]:
    """Yield the faults of what Airflow reads."""
    text = f"another DAG file that hangs for {HANG_SECONDS} s"
    yield SystemFault("dag-file-hangs", text, hang_parsing)
    text = "another DAG whose serialized form cannot be read, with a run that waits"
    yield SystemFault("dag-unreadable", text, spoil_serialized_dag, spoils=True)
    yield SystemFault(
        "trigger-broken", "a trigger that cannot be built, when the triggerer starts", break_trigger
    )
