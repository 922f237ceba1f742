"""A task that runs in a real installation writes down what it and its supervisor have built validators of.

Those of models that a stock task imports do not count: they are what `test_repeated_imports.py` is about.
"""

from __future__ import annotations

import pytest

from testing.proof import Proof
from testing.task_report import run_reporting_task

# Keeps the types that TypeAdapters are made of, each with the process that builds its validator.
RECORDER = """
import os

from pydantic import type_adapter

BUILT = []
build = type_adapter.create_schema_validator


def build_and_record(*args, schema_type, **options):
    BUILT.append((os.getpid(), schema_type))
    return build(*args, schema_type=schema_type, **options)


type_adapter.create_schema_validator = build_and_record
"""
DAG = """
import os
from datetime import datetime
from pathlib import Path

from airflow.executors.workloads import ExecutorWorkload
from airflow.sdk import dag, task
from airflow.sdk.execution_time.comms import ToTask
from pydantic import JsonValue

NAMES = {id(ExecutorWorkload): "order", id(ToTask): "answer", id(JsonValue): "JSON"}


@task
def nothing():
    from airflow_local_settings import BUILT

    here = (os.getpid(), os.getppid())
    built = [NAMES.get(id(kind)) for process, kind in BUILT if process in here]
    (Path(os.environ["AIRFLOW_HOME"]) / "report").write_text(" ".join(sorted(filter(None, built))))


@dag(schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def quick():
    nothing()


quick()
"""
# For the executor's orders, a supervisor's answers, and each of the three templated fields.
STOCK = {
    "LocalExecutor": "JSON JSON JSON answer answer",
    "CeleryExecutor": "JSON JSON JSON answer answer order",
}


@pytest.mark.parametrize("executor", STOCK)
def test_task_builds_no_validator(proof: Proof, executor: str) -> None:
    assert run_reporting_task(proof, executor, RECORDER, DAG) == proof.expect(stock=STOCK[executor], fixed="")
