"""Parses one file with two DAGs in a real manager, then again: killed, crashed, and without its second DAG."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.dag_processing import manager as module
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from sqlalchemy import update

from testing.installed_line import LINE
from testing.proof import report

FOLDER = Path(os.environ["AIRFLOW_HOME"]) / "dags"
DAGS = """
from airflow import DAG
for name in {names}:
    globals()[name] = DAG(name, schedule=None)
"""
BOTH = DAGS.format(names=["first", "second"])
SHORTER = DAGS.format(names=["first"])
SLOW, CRASH = "import airflow, time; time.sleep(600)  # DAG", "import airflow, os; os._exit(1)  # DAG"
HOUR = timedelta(hours=1)
CLOCK = module.timezone


def parse(source: str, clock_ahead: timedelta) -> None:
    """Let a new manager, whose clock is ahead, parse the file once and look for stale DAGs."""
    (FOLDER / "dags.py").write_text(source)
    module.timezone = SimpleNamespace(**{**vars(CLOCK), "utcnow": lambda: CLOCK.utcnow() + clock_ahead})
    manager = RUN[LINE](0.5 if source == SLOW else 300)
    manager.parsing_cleanup_interval = -1
    manager._scan_stale_dags()


def run_airflow_3(timeout: float) -> Any:
    manager = module.DagFileProcessorManager(max_runs=1, processor_timeout=timeout)
    manager.run()
    return manager


def run_airflow_2(timeout: float) -> Any:
    manager = module.DagFileProcessorManager(
        dag_directory=FOLDER,
        max_runs=1,
        processor_timeout=timedelta(seconds=timeout),
        dag_ids=None,
        pickle_dags=False,
        signal_conn=None,
        async_mode=True,
    )
    manager._run_parsing_loop()
    return manager


RUN: dict[str, Callable[[float], Any]] = {"3.3": run_airflow_3, "2.11": run_airflow_2}
IS_ACTIVE: dict[str, Callable[[Any], bool]] = {
    "3.3": lambda dag: not dag.is_stale,
    "2.11": lambda dag: bool(dag.is_active),
}


def active() -> list[str]:
    with create_session() as session:
        return sorted(dag.dag_id for dag in session.query(DagModel) if IS_ACTIVE[LINE](dag))


def observe(source: str, clock_ahead: timedelta = HOUR) -> list[str]:
    parse(BOTH, timedelta(0))
    assert active() == ["first", "second"]
    with create_session() as session:
        session.execute(update(DagModel).values(last_parsed_time=CLOCK.utcnow() - HOUR + clock_ahead))
    parse(source, clock_ahead)
    return active()


FOLDER.mkdir()
report(
    {
        "killed": observe(SLOW),
        "crashed": observe(CRASH),
        "removed from the file": observe(SHORTER, timedelta(0)),
    }
)
