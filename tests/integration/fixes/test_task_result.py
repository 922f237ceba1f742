from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from testing.airflow_command import AIRFLOW_COMMANDS
from testing.entrypoint_process import CHECKOUT
from testing.proof import FIXED, STOCK, Proof
from testing.servers import InterruptiblePostgres
from testing.waiting import wait_until

AIRFLOW = (sys.executable, "-m", "airflow")
DAG = """
import os, time
from pathlib import Path
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowException
from airflow.models import Variable

HOME = Path(os.environ["AIRFLOW_HOME"])

def outlast(result):
    (HOME / f"began {result}").touch()
    while not (HOME / "end").exists():
        time.sleep(0.1)

with DAG("dag", schedule=None, is_paused_upon_creation=False):
    @task
    def success():
        outlast("success")
        return "result"

    @task
    def failed():
        outlast("failed")
        raise AirflowException("by the task")

    @task
    def read():
        outlast("read")
        return Variable.get("name", default_var="default")

    @task
    def late():
        return "result"

    @task
    def raw():
        return "result"

    success(), failed(), read(), late(), raw()
"""
TASKS = ("success", "failed", "read")
SUPERVISOR = ("--local", "--ignore-all-dependencies")
OUTAGE = 30.0  # seconds, longer than Airflow tries to save a result
# Seconds. Without the fix, all tasks end during the outage, but a busy machine starts them slowly.
PATIENCE = {STOCK: 300.0, FIXED: OUTAGE}


def test_task_outlasts_an_outage_at_its_start_and_end(proof: Proof, server: InterruptiblePostgres) -> None:
    postgres, away = server
    environ = proof.environment(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgres.create("airflow"))
    folder = proof.home / "dags"
    folder.mkdir()
    (folder / "dags.py").write_text(DAG)
    create = [*AIRFLOW_COMMANDS, "db migrate", "dags reserialize", "dags trigger dag --run-id run"]
    subprocess.run(create, env=environ, cwd=CHECKOUT, capture_output=True, check=True, timeout=300)
    postgres.sql("airflow", "INSERT INTO variable (key, val) VALUES ('name', 'value') RETURNING key")
    tasks: list[subprocess.Popen[bytes]] = []

    def run(name: str, *options: str) -> None:
        words = ["tasks", "run", "dag", name, "run", *options]
        tasks.append(subprocess.Popen([*AIRFLOW, *words], env=environ, stderr=subprocess.DEVNULL))

    try:
        for name in TASKS:
            run(name, *SUPERVISOR)
        wait_until(lambda: all((proof.home / f"began {name}").exists() for name in TASKS))
        with away():
            (proof.home / "end").touch()
            run("late", *SUPERVISOR)
            run("raw", "--raw")  # the task's own process, which its supervisor has started before the outage
            for task in tasks:
                with suppress(subprocess.TimeoutExpired):
                    task.wait(PATIENCE[proof.mode] / len(tasks))
        for task in tasks:
            task.wait(300)
    finally:
        for task in tasks:
            task.terminate()
    states = dict(postgres.sql("airflow", "SELECT task_id, state FROM task_instance"))
    assert states == proof.expect(
        stock={"success": "running", "failed": "running", "read": "running", "late": None, "raw": None},
        fixed={
            "success": "success",
            "failed": "failed",
            "read": "success",
            "late": "success",
            "raw": "success",
        },
    )
    pushed = postgres.sql("airflow", "SELECT task_id, convert_from(value, 'utf8') FROM xcom ORDER BY task_id")
    fixed = {"late": "result", "raw": "result", "read": "value", "success": "result"}
    assert pushed == proof.expect(stock=[], fixed=[(name, f'"{value}"') for name, value in fixed.items()])


SAVING_DAG = """
import os, time
from datetime import timedelta
from pathlib import Path
from airflow import DAG
from airflow.datasets import Dataset
from airflow.decorators import task
from airflow.exceptions import AirflowException, TaskDeferred
from airflow.triggers.temporal import TimeDeltaTrigger

HOME = Path(os.environ["AIRFLOW_HOME"])

def note(name):
    with open(HOME / f"saving {name}", "a") as file:
        file.write("once ")
    while not (HOME / "end").exists():
        time.sleep(0.1)

class SlowTrigger(TimeDeltaTrigger):
    def serialize(self):
        note("deferred")
        return super().serialize()

with DAG("dag", schedule=None, is_paused_upon_creation=False):
    @task(on_success_callback=lambda context: note("success"), outlets=[Dataset("file:///saved")])
    def success():
        with open(HOME / "code", "a") as file:
            file.write("once ")
        return "result"

    @task(on_failure_callback=lambda context: note("failed"))
    def failed():
        raise AirflowException("by the task")

    @task
    def deferred():
        raise TaskDeferred(trigger=SlowTrigger(timedelta(days=1)), method_name="resume")

    success(), failed(), deferred()
"""
SAVING = ("success", "failed", "deferred")


def test_result_is_saved_again_if_the_outage_begins_meanwhile(
    proof: Proof, server: InterruptiblePostgres
) -> None:
    """Airflow calls a task's callbacks, and serializes its trigger, between the transactions that save its state."""
    postgres, away = server
    environ = proof.environment(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgres.create("airflow"))
    folder = proof.home / "dags"
    folder.mkdir()
    (folder / "dags.py").write_text(SAVING_DAG)
    create = [*AIRFLOW_COMMANDS, "db migrate", "dags reserialize", "dags trigger dag --run-id run"]
    subprocess.run(create, env=environ, cwd=CHECKOUT, capture_output=True, check=True, timeout=300)
    tasks = [
        subprocess.Popen(
            [*AIRFLOW, "tasks", "run", "dag", name, "run", *SUPERVISOR],
            env=environ,
            stderr=subprocess.DEVNULL,
        )
        for name in SAVING
    ]
    try:
        wait_until(lambda: all((proof.home / f"saving {name}").exists() for name in SAVING))
        with away():
            (proof.home / "end").touch()
            for task in tasks:
                with suppress(subprocess.TimeoutExpired):
                    task.wait(PATIENCE[proof.mode] / len(tasks))
        for task in tasks:
            task.wait(120)
    finally:
        for task in tasks:
            task.terminate()
    states = dict(postgres.sql("airflow", "SELECT task_id, state FROM task_instance"))
    assert states == proof.expect(
        stock=dict.fromkeys(SAVING, "running"),
        fixed={"success": "success", "failed": "failed", "deferred": "deferred"},
    )
    reports = [(proof.home / name).read_text() for name in ("code", "saving success", "saving failed")]
    assert reports == ["once "] * 3
    events = postgres.sql("airflow", "SELECT count(*) FROM dataset_event")
    assert events == proof.expect(stock=[(0,)], fixed=[(1,)])
