"""Tasks that run in a real installation write down what they have imported themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.celery_cluster import Cluster, run_cluster
from testing.proof import SELECTION, Proof
from testing.quick_tasks import QuickTasks, settings
from testing.servers import Postgres, postgres, redis

# Keeps the names of the modules as they were when a process that runs many tasks was forked, the first fork of all.
SNAPSHOT = """
import os
import sys

FIRST = []


def keep():
    if not FIRST:
        FIRST.append(frozenset(sys.modules))


os.register_at_fork(after_in_child=keep)
"""
DAG = """
import os
import sys
from datetime import datetime
from pathlib import Path

try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task


@task
def nothing():
    from airflow_local_settings import FIRST

    imported = [name for name in set(sys.modules) - FIRST[0] if name.startswith("airflow.")]
    (Path(os.environ["AIRFLOW_HOME"]) / "imported").write_text(" ".join(sorted(imported)))


@dag(schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def quick():
    nothing()


quick()
"""


@pytest.fixture
def server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.mark.parametrize("executor", ["LocalExecutor", "CeleryExecutor"])
def test_task_imports_nothing(proof: Proof, server: Postgres, executor: str) -> None:
    (proof.home / "config").mkdir()
    (proof.home / "config" / "airflow_local_settings.py").write_text(SNAPSHOT)
    variables = settings(executor, AIRFLOW__ASTRO_RUNTIME__FIXES=SELECTION[proof.mode])
    with redis() as broker, run_cluster(proof.home, server.create("quick"), broker, **variables) as cluster:
        run_once(cluster, server, executor)
    imported = (proof.home / "imported").read_text()
    assert bool(imported) == proof.expect(stock=True, fixed=False), imported


def run_once(cluster: Cluster, server: Postgres, executor: str) -> None:
    """Run the DAG once."""
    cluster.execute(*cluster.airflow, "db", "migrate")
    tasks = QuickTasks(cluster, server, "quick", DAG)
    tasks.start(executor)
    tasks.run()
