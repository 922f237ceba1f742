from __future__ import annotations

import os
import signal
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

from testing.process_signals import is_pending
from testing.proof import Proof
from testing.supervised_task import supervised_task
from testing.waiting import wait_until

# The task never sleeps before it logs: once it does, the channel to the supervisor is full, and it is amid a line.
DAG = """
import os, time
from pathlib import Path
from airflow.sdk import DAG, BaseOperator

FOLDER = Path(os.environ["FOLDER"])

class Work(BaseOperator):
    def execute(self, context):
        (FOLDER / "started").touch()
        while not (FOLDER / "go").exists():
            pass
        self.log.info("x" * 10_000_000)
        while not (FOLDER / "killed").exists():
            time.sleep(0.05)

    def on_kill(self):
        self.log.info("stopping the work")
        (FOLDER / "killed").touch()

with DAG("dag"):
    Work(task_id="task")
"""
STUCK_SECONDS = 10  # without an end, after which stock's task is taken to be stuck


def test_signal_amid_a_line_of_the_log_runs_on_kill(proof: Proof) -> None:
    with supervised_task(proof, DAG) as task:
        task.wait_for_file("started")
        process = psutil.Process(task.api.pid)
        task.supervisor.send_signal(signal.SIGSTOP)
        (task.folder / "go").touch()
        wait_until(lambda: process.status() == psutil.STATUS_SLEEPING, task.describe)
        os.kill(process.pid, signal.SIGTERM)
        # Before there is room for the rest of the line: else the line might be complete when the signal comes.
        wait_until(lambda: not is_pending(process.pid, signal.SIGTERM), task.describe)
        task.supervisor.send_signal(signal.SIGCONT)
        with suppress(AssertionError):
            wait_until(task.has_ended, seconds=proof.expect(stock=STUCK_SECONDS, fixed=300))
        assert task.has_ended() is proof.expect(stock=False, fixed=True), task.describe()
        assert task.has_file("killed") is proof.expect(stock=False, fixed=True)
