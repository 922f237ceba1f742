"""Starts a real triggerer for a good trigger and others that cannot be built, and reports what became of each."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from cryptography.fernet import Fernet
from sqlalchemy import text

from testing.dag_run import create_run, dag_source, set_state, task_instance
from testing.installed_line import LINE
from testing.proof import report
from testing.waiting import wait_until

PLUGIN = """
from airflow.triggers.base import BaseTrigger

class BrokenTrigger(BaseTrigger):
    def __init__(self):
        raise ValueError("as a trigger of an incompatible release does")
"""
DATE_TRIGGER = {
    "3.3": "airflow.providers.standard.triggers.temporal.DateTimeTrigger",
    "2.11": "airflow.triggers.temporal.DateTimeTrigger",
}[LINE]
TASKS = ("other_key", "broken", "good")
UNREADABLE = ("unreadable_dag",) if LINE == "3.3" else ()  # Airflow 2 does not read the DAG


def create_trigger(task_id: str) -> None:
    """Defer a task to a trigger that fires at once, if it can be built."""
    moment = datetime.now(timezone.utc) - timedelta(days=1)
    classpath, kwargs = (
        ("broken_plugin.BrokenTrigger", {}) if task_id == "broken" else (DATE_TRIGGER, {"moment": moment})
    )
    with create_session() as session:
        trigger = Trigger(classpath=classpath, kwargs=kwargs)
        if task_id == "other_key":
            trigger.encrypted_kwargs = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
        session.add(trigger)
        session.flush()
        trigger_id = trigger.id
    set_state(task_id, "deferred", trigger_id=trigger_id, next_method="execute_complete", try_number=1)


def outcome_of(task_id: str) -> str:
    with create_session() as session:
        instance = task_instance(task_id, session)
        if instance.state == "deferred":
            return "waits"
        return "failed" if instance.next_method == "__fail__" else "fired"


def make_unreadable(dag_id: str) -> None:
    """Save the DAG as a later release may do."""
    with create_session() as session:
        table = SerializedDagModel.__tablename__
        session.execute(text(f"UPDATE {table} SET data = '{{}}' WHERE dag_id = '{dag_id}'"))


def outcomes() -> dict[str, str]:
    return {task_id: outcome_of(task_id) for task_id in TASKS + UNREADABLE}


def has_settled(triggerer: subprocess.Popen[Any]) -> bool:
    return triggerer.poll() is not None or "waits" not in [outcome_of(task_id) for task_id in TASKS]


plugins = Path(os.environ["AIRFLOW_HOME"]) / "plugins"
plugins.mkdir()
(plugins / "broken_plugin.py").write_text(PLUGIN)
create_run("dag", dag_source("dag", TASKS))
for task_id in UNREADABLE:
    create_run(task_id, dag_source(task_id, [task_id]))
    create_trigger(task_id)
    make_unreadable(task_id)
for task_id in TASKS:
    create_trigger(task_id)
with subprocess.Popen([sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"]) as triggerer:
    try:
        wait_until(lambda: has_settled(triggerer))
        state = "runs" if triggerer.poll() is None else "ended"
        report(outcomes() | {"triggerer": state})
    finally:
        triggerer.terminate()
