"""Writes the note of a DAG run as a component of Airflow 2 does, after its check of the database."""

from __future__ import annotations

import sys

sys.argv = ["airflow", "triggerer"]  # as Airflow's start finds it

import airflow.cli.cli_parser  # noqa: E402, F401
from airflow.models.dagrun import DagRun, DagRunNote  # noqa: E402
from airflow.utils import db  # noqa: E402
from airflow.utils.session import create_session  # noqa: E402
from airflow.utils.types import DagRunType  # noqa: E402

from testing.proof import report  # noqa: E402

db.check_and_run_migrations()
with create_session() as session:
    run = DagRun(dag_id="dag", run_id="run", run_type=DagRunType.MANUAL)
    run.note = "a note"
    session.add(run)
with create_session() as session:
    report([content for (content,) in session.query(DagRunNote.content)])
