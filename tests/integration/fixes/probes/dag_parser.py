"""Runs a manager of DAG parsers once over an empty folder, after a component's check of the database (Airflow 2)."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from airflow.dag_processing.manager import DagFileProcessorManager
from airflow.utils import db

from testing.proof import report

folder = os.path.join(os.environ["AIRFLOW_HOME"], "dags")
os.mkdir(folder)
db.check_and_run_migrations()
manager = DagFileProcessorManager(
    dag_directory=folder,
    max_runs=1,
    processor_timeout=timedelta(minutes=5),
    dag_ids=None,
    pickle_dags=False,
    async_mode=True,
)
manager.start()
report("airflow.www.app" in sys.modules)
