from __future__ import annotations

import signal

from testing.proof import Proof
from testing.supervised_task import supervised_task

DAG = """
from airflow.sdk import DAG, task

with DAG("dag", schedule=None):
    @task(task_id="task")
    def fail():
        raise ValueError("a line of the log")

    fail()
"""
REMOTE_LOGS = """
import os, shutil
from pathlib import Path
from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG as LOGGING_CONFIG

class RemoteLogs:
    processors = ()

    def upload(self, path, ti):
        logs = Path(os.environ["AIRFLOW_HOME"]) / "logs"
        shutil.copy(logs / path, Path(os.environ["FOLDER"]) / "uploaded")

REMOTE_TASK_LOG = RemoteLogs()
"""
SETTINGS = {"AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "remote_logs.LOGGING_CONFIG"}


def test_sigterm_during_the_report_does_not_lose_the_log(proof: Proof) -> None:
    (proof.home / "config").mkdir()
    (proof.home / "config" / "remote_logs.py").write_text(REMOTE_LOGS)
    with supervised_task(proof, DAG, variables=SETTINGS) as task:
        with task.api.hold("/state"):
            assert task.api.is_holding.wait(300), task.describe()
            task.supervisor.send_signal(signal.SIGTERM)
        assert task.wait() == -signal.SIGTERM
        assert task.has_file("uploaded") is proof.expect(stock=False, fixed=True), task.describe()
    if task.has_file("uploaded"):
        assert "a line of the log" in task.wait_for_file("uploaded")


def test_sigterm_ends_the_repetition_of_the_report(proof: Proof) -> None:
    (proof.home / "config").mkdir()
    (proof.home / "config" / "remote_logs.py").write_text(REMOTE_LOGS)
    with supervised_task(proof, DAG, variables=SETTINGS) as task:
        with task.api.hold("/state"):
            assert task.api.is_holding.wait(300), task.describe()
            task.api.away = True
            task.supervisor.send_signal(signal.SIGTERM)
        assert task.wait() == -signal.SIGTERM
        assert not task.api.states
        assert task.has_file("uploaded") is proof.expect(stock=False, fixed=True), task.describe()


def test_log_of_an_undisturbed_task_is_uploaded(half: Proof) -> None:
    (half.home / "config").mkdir()
    (half.home / "config" / "remote_logs.py").write_text(REMOTE_LOGS)
    with supervised_task(half, DAG, variables=SETTINGS) as task:
        assert task.wait() == 0
        assert task.api.states == ["failed"]
        assert "a line of the log" in task.wait_for_file("uploaded")
