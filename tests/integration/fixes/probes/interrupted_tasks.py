"""Runs a task of Airflow 2 for each of POINTS, where it blocks until `$AIRFLOW_HOME/end` exists.

Each supervisor runs in a fork of this process, as in a Celery worker. The tasks' DAG is in DAG_FILE. The test lets the
database go away when `blocked NAME` exists for each point.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import count
from pathlib import Path
from types import FrameType
from typing import NamedTuple

TASK_PROCESS = "_start_by_fork"


class Point(NamedTuple):
    """Where a task's process or supervisor blocks: how the statement begins, and the functions that execute it."""

    statement: str
    functions: tuple[str, ...]
    skipped: int = 0  # how many of them do not block


POINTS = {
    "parse": Point("SELECT variable", ("process_file",)),
    "context": Point("SELECT", ("init_run_context",)),
    "runner": Point("SELECT", ("_run_task_by_local_task_job", "set_context")),
    "job": Point("INSERT INTO job", ("prepare_for_execution",)),
    "start": Point("UPDATE task_instance", ("check_and_change_state_before_execution",)),
    "process": Point("SELECT", (TASK_PROCESS, "init_run_context")),
    "render": Point("SELECT count", ("render_templates",)),
    "pull": Point("SELECT xcom", ("execute", "xcom_pull")),
    "result": Point("INSERT INTO xcom", ("_execute_task",), 1),
    "commit": Point("COMMIT", ("_execute_task",)),
    "sensor": Point("SELECT task_reschedule", ("_orig_start_date",)),
    "end": Point("UPDATE job", ("complete_execution",)),
}
DAG_FILE = """
import os
from pathlib import Path
from airflow import DAG
from airflow.models import BaseOperator, DagRun, Variable
from airflow.sensors.base import BaseSensorOperator
from airflow.utils.session import create_session
from tests.integration.fixes.probes.interrupted_tasks import POINTS

def note(task_id):
    with open(Path(os.environ["AIRFLOW_HOME"]) / f"code {task_id}", "a") as file:
        file.write("once ")

def count_runs():
    with create_session() as session:
        return session.query(DagRun).count()

class Operator(BaseOperator):
    template_fields = ("text",)

    def __init__(self, text, **options):
        super().__init__(**options)
        self.text = text

    def execute(self, context):
        pulled = context["ti"].xcom_pull(task_ids="other") if self.task_id == "pull" else None
        note(self.task_id)
        return {"text": self.text, "pulled": pulled}

class Sensor(BaseSensorOperator):
    def poke(self, context):
        note(self.task_id)
        return True

with DAG("dag", schedule=None, is_paused_upon_creation=False, user_defined_macros={"count_runs": count_runs}):
    text = Variable.get("name") + " {{ count_runs() }}"
    for name in POINTS:
        if name == "sensor":
            Sensor(task_id=name, mode="reschedule")
        else:
            Operator(text=text, task_id=name, multiple_outputs=True)
"""


def block_queries(name: str) -> None:
    """Block this process, or that of its task, once at a point."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    home, point, numbers = Path(os.environ["AIRFLOW_HOME"]), POINTS[name], count()

    def block(statement: str) -> None:
        if not statement.startswith(point.statement) or not is_called_by(point.functions):
            return
        if next(numbers) < point.skipped:
            return
        try:
            (home / f"blocked {name}").touch(exist_ok=False)
        except FileExistsError:
            return
        while not (home / "end").exists():
            time.sleep(0.1)

    event.listen(Engine, "before_cursor_execute", lambda *arguments: block(arguments[2]))
    event.listen(Engine, "commit", lambda connection: block("COMMIT"))


def is_called_by(functions: tuple[str, ...]) -> bool:
    """Whether all these functions are on the stack."""
    frame: FrameType | None = sys._getframe()
    names = set()
    while frame:
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    return names.issuperset(functions)


def run_supervisor(name: str) -> None:
    """Run `airflow tasks run --local` in a fork of this process."""
    from airflow import settings
    from airflow.cli.cli_parser import get_parser

    if os.fork():
        return
    code = 1
    try:
        block_queries(name)
        settings.engine.dispose()
        words = ["tasks", "run", "dag", name, "run", "--local", "--ignore-all-dependencies"]
        arguments = get_parser().parse_args(words)
        arguments.func(arguments)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    import airflow.cli.commands.task_command
    import airflow.jobs.local_task_job_runner  # noqa: F401

    for name in POINTS:
        run_supervisor(name)
    for _ in POINTS:
        os.wait()
