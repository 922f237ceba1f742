"""Proof of the fix `repeated-imports`: a task writes down the classes whose mappers it has configured.

A scheduler has configured the mappers before it starts LocalExecutor.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.celery_cluster import run_cluster
from testing.proof import SELECTION, Proof
from testing.quick_tasks import QuickTasks, settings
from testing.servers import Postgres, postgres, redis

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
    (Path(os.environ["AIRFLOW_HOME"]) / "configured").write_text(" ".join(configured))


@dag(schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def quick():
    nothing()


quick()
"""


@pytest.fixture
def server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


def test_task_configures_no_mapper(proof: Proof, server: Postgres) -> None:
    (proof.home / "config").mkdir()
    (proof.home / "config" / "airflow_local_settings.py").write_text(RECORDER)
    variables = settings("CeleryExecutor", AIRFLOW__ASTRO_RUNTIME__FIXES=SELECTION[proof.mode])
    with redis() as broker, run_cluster(proof.home, server.create("quick"), broker, **variables) as cluster:
        cluster.execute(*cluster.airflow, "db", "migrate")
        tasks = QuickTasks(cluster, server, "quick", DAG)
        tasks.start("CeleryExecutor")
        tasks.run()
    configured = (proof.home / "configured").read_text()
    assert bool(configured) == proof.expect(stock=True, fixed=False), configured
