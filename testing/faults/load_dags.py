"""The DAGs of a fault test, for both lines; `TaskLoad.install` copies this file into the DAG folder."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

try:
    from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
    from airflow.sdk import DAG, Asset, BaseOperator, BaseSensorOperator, task
except ImportError:
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task  # type: ignore[no-redef]
    from airflow.models.baseoperator import BaseOperator
    from airflow.models.dag import DAG
    from airflow.sensors.base import BaseSensorOperator
    from airflow.triggers.temporal import TimeDeltaTrigger

from testing.faults.ledger_writer import LedgerEntry

LOAD = json.loads(Path(__file__).with_name("fault_load.json").read_text())
LEDGER, SECONDS = LOAD["ledger"], LOAD["seconds"]
OPTIONS: dict[str, Any] = {
    "start_date": datetime(2020, 1, 1),
    "max_active_tasks": 1000,
    "is_paused_upon_creation": False,
    "default_args": {"retry_delay": timedelta(seconds=5)},
}


def work(ti: Any, failing_tries: int = 0) -> None:
    """Run for a while under the ledger's eyes, and fail in the first tries."""
    with LedgerEntry(LEDGER, ti) as entry:
        entry.work(SECONDS)
        if ti.try_number <= failing_tries:
            raise RuntimeError("a failure that the load plans")


@task
def run(failing_tries: int = 0, ti: Any = None) -> None:
    """Work; a TaskFlow task gets its task instance by the argument's name."""
    work(ti, failing_tries)


@task
def run_mapped(number: int, ti: Any = None) -> None:
    """Work as one of many."""
    work(ti)


class DeferringOperator(BaseOperator):  # type: ignore[misc]
    """Waits in the triggerer, then works."""

    def execute(self, context: Any) -> None:
        with LedgerEntry(LEDGER, context["ti"]):
            self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=SECONDS)), method_name="resume")

    def resume(self, context: Any, event: Any = None) -> None:
        work(context["ti"])


class ReschedulingSensor(BaseSensorOperator):  # type: ignore[misc]
    """Looks at the clock every few seconds without a process in between."""

    def poke(self, context: Any) -> bool:
        with LedgerEntry(LEDGER, context["ti"]) as entry:
            started = context["dag_run"].start_date
            waited: bool = datetime.now(tz=started.tzinfo) - started > timedelta(seconds=2 * SECONDS)
            entry.outcome = "done" if waited else "rescheduled"
        return waited


def options(number: int) -> dict[str, Any]:
    """Return what the tasks with this number have in common: every second one is retried."""
    return {"task_id": f"task_{number}", "retries": 2 * (number % 2)}


if LOAD["plain"]:
    with DAG("plain", schedule=None, **OPTIONS):
        for number in range(LOAD["plain"]):
            run.override(**options(number))()
        run.override(task_id="fails_once", retries=2)(1)
        run.override(task_id="fails", retries=0)(99)

if LOAD["mapped"]:
    with DAG("mapped", schedule=None, **OPTIONS):
        for number in range(2):
            if indexes := range(LOAD["mapped"])[number::2]:
                run_mapped.override(**options(number)).expand(number=list(indexes))

if LOAD["deferred"]:
    with DAG("deferred", schedule=None, **OPTIONS):
        for number in range(LOAD["deferred"]):
            DeferringOperator(**options(number))

if LOAD["sensors"]:
    with DAG("sensors", schedule=None, **OPTIONS):
        for number in range(LOAD["sensors"]):
            ReschedulingSensor(mode="reschedule", poke_interval=5, timeout=3600, **options(number))

if LOAD["assets"]:
    with DAG("producers", schedule=None, **OPTIONS):
        for number in range(LOAD["assets"]):
            run.override(outlets=[Asset(f"file:///fault-{number}")], **options(number))()

for number in range(LOAD["assets"]):
    with DAG(f"consumer_{number}", schedule=[Asset(f"file:///fault-{number}")], **OPTIONS) as consumer:
        run.override(task_id="task", retries=2)()
    globals()[consumer.dag_id] = consumer
