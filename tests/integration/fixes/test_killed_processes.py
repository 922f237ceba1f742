from __future__ import annotations

from testing.proof import Proof
from testing.small_airflow import SmallAirflow, small_airflow
from testing.supervised_task import supervised_task
from testing.waiting import wait_until

DAG = """
import os, signal
from datetime import datetime, timedelta
from pathlib import Path
from airflow.sdk import DAG, task

def note(line):
    with open(Path(os.environ["AIRFLOW_HOME"]) / "notes", "a") as file:
        file.write(line + chr(10))

def fail(context):
    note("failure callback")

def retry(context):
    note("retry callback")

with DAG("dag", schedule="@once", start_date=datetime(2025, 1, 1)):
    @task(
        task_id="task",
        retries=1,
        retry_delay=timedelta(seconds=1),
        email="someone@example.com",
        on_failure_callback=fail,
        on_retry_callback=retry,
    )
    def kill_itself():
        note("try")
        os.kill(os.getpid(), signal.SIGKILL)

    kill_itself()
"""
OUTBOX = """
import os
from pathlib import Path

def send_email(to, subject, html_content, **options):
    with open(Path(os.environ["AIRFLOW_HOME"]) / "notes", "a") as file:
        file.write("e-mail" + chr(10))
"""
STOCK = ["e-mail", "retry callback", "try", "try"]
FIXED = ["e-mail", "e-mail", "failure callback", "retry callback", "try", "try"]
LEFT_TO_SCHEDULER = "SELECT id FROM log WHERE event = 'state mismatch'"


def notes(airflow: SmallAirflow) -> list[str]:
    path = airflow.home / "notes"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def test_callbacks_of_a_killed_process_run_once(proof: Proof) -> None:
    (proof.home / "plugins").mkdir()
    (proof.home / "plugins" / "outbox.py").write_text(OUTBOX)
    expected = proof.expect(stock=STOCK, fixed=FIXED)
    with small_airflow(proof, DAG, AIRFLOW__EMAIL__EMAIL_BACKEND="outbox.send_email") as airflow:
        assert airflow.wait_for_run() == "failed"
        wait_until(lambda: len(notes(airflow)) >= len(expected), airflow.describe)
        wait_until(lambda: not airflow.query("SELECT id FROM callback"), airflow.describe)
        assert notes(airflow) == expected
        assert len(airflow.query(LEFT_TO_SCHEDULER)) == proof.expect(stock=1, fixed=2)
        assert airflow.query("SELECT try_number FROM task_instance") == [2]


def test_log_of_a_killed_process_names_the_cause(proof: Proof) -> None:
    with supervised_task(proof, DAG) as task:
        code = task.wait()
        assert task.api.states == proof.expect(stock=["failed"], fixed=[])
        assert code == proof.expect(stock=0, fixed=1)
        causes = [line for line in task.lines() if "lack of memory" in line]
        assert len(causes) == proof.expect(stock=0, fixed=1)


def test_task_that_exits_without_a_report_is_left_to_the_scheduler(proof: Proof) -> None:
    with supervised_task(proof, DAG.replace("os.kill(os.getpid(), signal.SIGKILL)", "os._exit(3)")) as task:
        assert task.wait() == proof.expect(stock=0, fixed=1)
        assert task.api.states == proof.expect(stock=["failed"], fixed=[])


def test_task_that_fails_by_itself_reports_it(half: Proof) -> None:
    with supervised_task(half, DAG.replace("os.kill(os.getpid(), signal.SIGKILL)", "1 / 0")) as task:
        assert task.wait() == 0
        assert task.api.states == ["failed"]
        assert (half.home / "notes").read_text().splitlines() == ["try", "failure callback"]
