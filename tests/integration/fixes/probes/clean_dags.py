"""Cleans the table of DAGs with Airflow's command: two DAGs are old, and one of them has a recent task instance."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.models.dag import DagModel
from airflow.utils.session import create_session

from testing.airflow_command import airflow_command, save_dags
from testing.proof import report

DAGS = """
from airflow import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
for name in ("in use", "unused"):
    with DAG(name.replace(" ", "_"), schedule=None):
        EmptyOperator(task_id="task")
"""
OLD, LIMIT = datetime(2026, 1, 1, tzinfo=timezone.utc), "2026-02-01"

save_dags(DAGS)
airflow_command("dags", "trigger", "in_use")
with create_session() as session:
    session.query(DagModel).update({"last_parsed_time": OLD})
try:
    airflow_command("db", "clean", "--clean-before-timestamp", LIMIT, "--tables", "dag", "--yes")
    error = None
except Exception as failure:
    error = type(failure).__name__
with create_session() as session:
    dags = sorted(dag_id for (dag_id,) in session.query(DagModel.dag_id))
report({"error": error, "dags": dags})
