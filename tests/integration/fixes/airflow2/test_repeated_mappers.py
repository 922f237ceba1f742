"""Proof of the fix `repeated-imports`: a task writes down the classes whose mappers it has configured.

A scheduler has configured the mappers before it starts LocalExecutor.
"""

from __future__ import annotations

from testing.proof import Proof
from testing.task_report import run_reporting_task

# Keeps each class with the process that configures its mapper.
RECORDER = """
import os

from sqlalchemy import event
from sqlalchemy.orm import Mapper

CONFIGURED = []


@event.listens_for(Mapper, "mapper_configured")
def record(mapper, kind):
    CONFIGURED.append((os.getpid(), kind.__name__))
"""
DAG = """
import os
from datetime import datetime
from pathlib import Path

from airflow.decorators import dag, task


@task
def nothing():
    from airflow_local_settings import CONFIGURED

    # The process of the task, and the one that waits for its end, a fork of a process that runs many.
    here = (os.getpid(), os.getppid())
    configured = [name for process, name in CONFIGURED if process in here]
    (Path(os.environ["AIRFLOW_HOME"]) / "report").write_text(" ".join(configured))


@dag(schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def quick():
    nothing()


quick()
"""


def test_task_configures_no_mapper(proof: Proof) -> None:
    configured = run_reporting_task(proof, "CeleryExecutor", RECORDER, DAG)
    assert bool(configured) == proof.expect(stock=True, fixed=False), configured
