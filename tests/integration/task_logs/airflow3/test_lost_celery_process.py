"""A process of a real Celery worker that supervises a task is killed: the worker says so in the task's log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.execution_api import execution_api
from testing.printed_lines import printed_lines
from testing.servers import redis
from testing.task_workload import task_workload
from testing.waiting import wait_until

DAG = """
import os, time
from pathlib import Path
from airflow.sdk import DAG, task
with DAG("dag", schedule=None):
    @task(task_id="task")
    def wait():
        print("before the kill")
        Path(os.environ["FOLDER"], "supervisor").write_text(str(os.getppid()))
        time.sleep(60)
    wait()
"""
WORDS = "The supervisor of the task was killed"
SEND = """
import sys
from airflow.providers.celery.executors.celery_executor_utils import app
app.send_task("execute_workload", args=[sys.argv[1]], queue="default")
"""


def test_worker_writes_and_prints_last_words(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "dag.py").write_text(DAG)
    log, output, mark = tmp_path / "logs" / "task.log", tmp_path / "output", tmp_path / "supervisor"
    with redis() as broker, execution_api(0) as api:
        environ = isolated_environment(
            tmp_path,
            FOLDER=str(tmp_path),
            AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
            AIRFLOW__CELERY__BROKER_URL=broker,
            AIRFLOW__CELERY__RESULT_BACKEND=broker,
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL=api.url,
            AIRFLOW__CELERY__WORKER_CONCURRENCY="1",
            AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT="True",
            AIRFLOW__CELERY__TASK_LOGS_TO_STDOUT="True",
        )
        command = [sys.executable, "-m", "airflow", "celery", "worker", "--skip-serve-logs"]
        with open(output, "wb") as file:
            worker = subprocess.Popen(command, env=environ, cwd=CHECKOUT, stdout=file, stderr=file)
        try:
            send = [sys.executable, "-c", SEND, task_workload("task.log")]
            subprocess.run(send, env=environ, cwd=CHECKOUT, check=True, capture_output=True)
            wait_until(lambda: mark.exists() and mark.read_text(), output.read_text)
            # A line is printed after it is in the log.
            wait_until(lambda: "before the kill" in _messages(output), output.read_text)
            os.kill(int(mark.read_text()), signal.SIGKILL)
            wait_until(lambda: WORDS in "\n".join(_messages(output)), output.read_text)
        finally:
            _end(worker)
        messages = _messages(output)
        (words,) = [message for message in messages if WORDS in message]
        assert "signal 9 (SIGKILL)" in words
        assert messages.count("before the kill") == 1
        assert len(messages) == len(log.read_bytes().splitlines())


def _messages(output: Path) -> list[str]:
    return [str(line["message"]) for line in printed_lines(output.read_text())]


def _end(worker: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(worker.pid).children(recursive=True)
    worker.kill()
    worker.wait()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
