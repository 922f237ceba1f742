"""Has the DAG processor or the triggerer write a log for which there is no room; reports the error or `works`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

from testing.proof import report

HOME = Path(os.environ["AIRFLOW_HOME"])
FULL = "/dev/full"  # each write to it fails as on a full volume
SOURCE = """
from airflow import DAG
print("a line for the log")
dag = DAG("proof", schedule=None)
"""


def parse() -> None:
    """Let a real manager parse a DAG file that prints a line, and find its DAG in the database."""
    from airflow.dag_processing.manager import DagFileProcessorManager
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    (HOME / "dags").mkdir()
    (HOME / "dags" / "proof.py").write_text(SOURCE)
    manager = DagFileProcessorManager(max_runs=1)
    path = Path(manager._get_log_dir()) / "dags-folder" / "proof.py.log"
    path.parent.mkdir(parents=True)
    path.symlink_to(FULL)
    manager.run()
    with create_session() as session:
        assert session.get(DagModel, "proof")


def trigger() -> None:
    """Let the triggerer's logger of a trigger write a line."""
    from airflow.jobs.triggerer_job_runner import TriggerLoggingFactory
    from airflow.sdk.log import logging_processors

    (HOME / "logs").mkdir(exist_ok=True)
    (HOME / "logs" / "trigger.log").symlink_to(FULL)
    factory = TriggerLoggingFactory(log_path="trigger.log", ti=SimpleNamespace())  # type: ignore[arg-type]
    for _ in range(2):
        factory(logging_processors(json_output=True)).info("a line for the log")
    factory.close()


try:
    {"dag processor": parse, "triggerer": trigger}[sys.argv[1]]()
    report("works")
except OSError as error:
    report(type(error).__name__)
