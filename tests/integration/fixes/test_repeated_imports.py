"""Tasks that run in a real installation write down what they have imported themselves."""

from __future__ import annotations

import pytest

from testing.proof import Proof
from testing.task_report import run_reporting_task

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
    (Path(os.environ["AIRFLOW_HOME"]) / "report").write_text(" ".join(sorted(imported)))


@dag(schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def quick():
    nothing()


quick()
"""


@pytest.mark.parametrize("executor", ["LocalExecutor", "CeleryExecutor"])
def test_task_imports_nothing(proof: Proof, executor: str) -> None:
    imported = run_reporting_task(proof, executor, SNAPSHOT, DAG)
    assert bool(imported) == proof.expect(stock=True, fixed=False), imported


def test_collector_leaves_shared_memory_alone(proof: Proof) -> None:
    assert proof.run("repeated_imports") is proof.expect(stock=False, fixed=True)
