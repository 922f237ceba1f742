from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from testing.proof import Proof
from testing.servers import InterruptiblePostgres
from testing.waiting import wait_until

AIRFLOW = (sys.executable, "-m", "airflow")
DAG = """
import os, time
from pathlib import Path
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowException

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
    def late():
        return "result"

    @task
    def raw():
        return "result"

    success(), failed(), late(), raw()
"""
TASKS = ("success", "failed")
SUPERVISOR = ("--local", "--ignore-all-dependencies")
OUTAGE = 30.0  # seconds, longer than Airflow tries to save a result


def test_task_outlasts_an_outage_at_its_start_and_end(proof: Proof, server: InterruptiblePostgres) -> None:
    postgres, away = server
    environ = proof.environment(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgres.create("airflow"))
    folder = proof.home / "dags"
    folder.mkdir()
    (folder / "dags.py").write_text(DAG)
    for words in ("db migrate", "dags reserialize", "dags trigger dag --run-id run"):
        subprocess.run([*AIRFLOW, *words.split()], env=environ, capture_output=True, check=True, timeout=300)
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
                    task.wait(OUTAGE / len(tasks))
        for task in tasks:
            task.wait(120)
    finally:
        for task in tasks:
            task.terminate()
    states = dict(postgres.sql("airflow", "SELECT task_id, state FROM task_instance"))
    assert states == proof.expect(
        stock={"success": "running", "failed": "running", "late": None, "raw": None},
        fixed={"success": "success", "failed": "failed", "late": "success", "raw": "success"},
    )
    pushed = postgres.sql("airflow", "SELECT key FROM xcom WHERE task_id = 'success'")
    assert pushed == proof.expect(stock=[], fixed=[("return_value",)])
