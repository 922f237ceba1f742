"""Has a real scheduler end the run of a DAG at its limit of one active run, for each type of run."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow.executors.base_executor import BaseExecutor
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session

from testing.airflow_command import airflow_command, save_dags
from testing.proof import report
from testing.scheduler_parts import create_scheduler

DAG = """
from airflow import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
with DAG("dag", schedule=None, max_active_runs=1, is_paused_upon_creation=False):
    EmptyOperator(task_id="task")
"""
TYPES = ("manual", "operator_triggered", "asset_materialization", "backfill")


def is_blocked_after_end(runner: Any, run_type: str) -> bool:
    """Whether the DAG still counts as at its limit after a run of this type has ended."""
    airflow_command("dags", "trigger", "dag", "--run-id", run_type)
    with create_session() as session:
        columns = {"run_type": run_type, "run_after": datetime(2026, 1, 1, tzinfo=timezone.utc)}
        session.query(DagRun).filter_by(run_id=run_type).update(columns)
        session.query(DagModel).update({"exceeds_max_non_backfill": True})
    for _ in range(3):
        with create_session() as session:
            runner._do_scheduling(session)
            session.expunge_all()
    with create_session() as session:
        assert session.query(DagRun).filter_by(run_id=run_type).one().state == "success"
        return bool(session.query(DagModel).one().exceeds_max_non_backfill)


save_dags(DAG)
scheduler = create_scheduler(BaseExecutor())
report({run_type: is_blocked_after_end(scheduler, run_type) for run_type in TYPES})
