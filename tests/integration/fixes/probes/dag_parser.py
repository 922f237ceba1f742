"""Parses a DAG file once, after a component's check of the database (Airflow 2); reports what the first fork finds."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

sys.argv = ["airflow", "dag-processor"]  # as Airflow's start finds it

from airflow.dag_processing.manager import DagFileProcessorManager  # noqa: E402
from airflow.utils import db  # noqa: E402

from testing.proof import report  # noqa: E402

PERMISSIONS = "airflow.www.security_appless"
folder = Path(os.environ["AIRFLOW_HOME"]) / "dags"
folder.mkdir()
(folder / "file.py").write_text("from airflow import DAG\n\nDAG('dag', schedule=None)\n")
db.check_and_run_migrations()
imported: list[bool] = []
os.register_at_fork(before=lambda: imported.append(PERMISSIONS in sys.modules))
manager = DagFileProcessorManager(
    dag_directory=folder,
    max_runs=1,
    processor_timeout=timedelta(minutes=5),
    dag_ids=None,
    pickle_dags=False,
    async_mode=True,
)
manager.start()
report(imported[0])
