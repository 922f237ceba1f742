"""Has a real scheduler schedule two DAGs in each of four ways; the serialized form of one cannot be read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any

from airflow.executors.base_executor import BaseExecutor
from airflow.models.dagrun import DagRun
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.session import create_session
from sqlalchemy import func

from testing.airflow_command import airflow_command, import_commands, save_dags
from testing.installed_line import LINE
from testing.proof import report_scenes
from testing.scheduler_parts import create_scheduler

DAG = """
from datetime import datetime
from airflow import DAG
try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import Asset
except ImportError:
    from airflow.operators.empty import EmptyOperator
    from airflow.datasets import Dataset as Asset
for name in ("broken", "intact"):
    schedule = {schedule}
    start = datetime(2025, 1, 1)
    with DAG(name, schedule=schedule, start_date=start, catchup=False, is_paused_upon_creation=False):
        EmptyOperator(task_id="task")
"""
LOOPS = 3
ORIGINAL: dict[str, Any] = {}
RUN_DATE = {"3.3": "run_after", "2.11": "execution_date"}
START = datetime(2026, 1, 2, tzinfo=timezone.utc)


class Warnings(logging.Handler):
    """The warnings of the Runtime."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []
        logging.getLogger("astro_runtime").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        self.texts.append(record.getMessage())


def set_version(version: int | None) -> None:
    """Give the DAG `broken` a row that only a later Airflow could read, or, without a version, its own again."""
    with create_session() as session:
        row = session.query(SerializedDagModel).filter_by(dag_id="broken").one()
        ORIGINAL.setdefault("data", row.data)
        row._data = {**ORIGINAL["data"], "__version": version} if version else ORIGINAL["data"]
        row.last_updated = datetime.now(timezone.utc)


def trigger() -> None:
    """Create a queued run of each DAG."""
    save_dags(DAG.format(schedule="None"))
    for name in ("broken", "intact"):
        airflow_command("dags", "trigger", name)
    with create_session() as session:  # SQLite compares times to the second
        session.query(DagRun).update({RUN_DATE[LINE]: START})


def start_runs() -> None:
    """Create a running run of each DAG."""
    trigger()
    with create_session() as session:
        session.query(DagRun).update({"state": "running", "start_date": func.now()})


def be_due() -> None:
    """Let both DAGs be due for a run by their timetables, and for no other at the next midnight."""
    save_dags(DAG.format(schedule="'@yearly'"))


def emit_events() -> None:
    """Give both DAGs an event that they wait for."""
    save_dags(DAG.format(schedule="[Asset('events-of-' + name)]"))
    with create_session() as session:
        for asset in session.query(asset_model()):
            session.add(
                queue()(target_dag_id=asset.uri.removeprefix("events-of-"), **{f"{KIND}_id": asset.id})
            )


KIND = {"3.3": "asset", "2.11": "dataset"}[LINE]


def asset_model() -> Any:
    """Return the model of what a DAG waits for."""
    module = __import__(f"airflow.models.{KIND}", fromlist=["x"])
    return getattr(module, f"{KIND.title()}Model")


def queue() -> Any:
    """Return the model of the events that a DAG has received."""
    module = __import__(f"airflow.models.{KIND}", fromlist=["x"])
    return getattr(module, f"{KIND.title()}DagRunQueue")


WAYS: dict[str, Callable[[], None]] = {
    "queued": trigger,
    "running": start_runs,
    "due": be_due,
    "event": emit_events,
}


def schedule(runner: Any) -> str | None:
    """Run the scheduling part of the loop some times; return the type of the error that ends it."""
    for _ in range(LOOPS):
        try:
            with create_session() as session:
                runner._do_scheduling(session)
                session.expunge_all()
        except Exception as error:
            return type(error).__name__
    return None


def progress(name: str) -> list[str | None]:
    """Return the state of each task of the DAG's runs."""
    with create_session() as session:
        runs = session.query(DagRun).filter_by(dag_id=name)
        return [task.state for run in runs for task in run.get_task_instances(session=session)]


def observe(way: str) -> dict[str, Any]:
    """Schedule while the row of `broken` cannot be read, and after its repair."""
    WAYS[way]()
    set_version(99)
    warnings, runner = Warnings(), create_scheduler(BaseExecutor())
    outcome = {"error": schedule(runner), "intact": progress("intact"), "warnings": len(warnings.texts)}
    set_version(None)
    return {**outcome, "error after the repair": schedule(runner), "repaired": progress("broken")}


import_commands()
report_scenes({way: partial(observe, way) for way in WAYS}, [*WAYS])
