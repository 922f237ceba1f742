"""An Airflow whose tasks' logs go to S3: with the Runtime's task logs, or with Airflow's own remote logging."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from testing.airflow2_installation import LOGGING_CONFIG
from testing.fixed_secrets import SECRET_KEY
from testing.installed_line import LINE
from testing.proof import FIXED, STOCK, Proof, copy_migrated_database
from testing.s3_server import BUCKET, S3Server
from testing.task_logs import Machine

OURS, MODES = "ours", ("ours", STOCK)
PATH = "dag_id=dag/run_id=run/task_id=task/attempt=1.log"
AIRFLOW = (sys.executable, "-m", "airflow")
DAG = """
import os, time
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@dag(dag_id="dag", schedule=None, start_date=datetime(2026, 1, 1), is_paused_upon_creation=False)
def work():
    @task(task_id="task")
    def write():
        number = 0
        while not os.path.exists(os.environ["FOLDER"] + "/go"):
            number += 1
            print(f"line {number} of the task" + "." * 60)
            time.sleep(0.01)

    write()

work()
"""


class Workplace:
    """An Airflow in a mode of MODES, with a database that has one run of the DAG."""

    def __init__(self, folder: Path, mode: str, server: S3Server) -> None:
        self.mode, self.server = mode, server
        self.home, self._template = folder / mode, folder / f"{mode}.db"
        self.proof = Proof(FIXED if mode == OURS else STOCK, self.home)
        copy_migrated_database(folder / "templates", self.home)
        (self.home / "dags").mkdir()
        (self.home / "dags" / "dag.py").write_text(DAG)
        for words in (("dags", "reserialize"), ("dags", "trigger", "--run-id", "run", "dag")):
            subprocess.run([*AIRFLOW, *words], env=self.proof.environment(), check=True, capture_output=True)
        shutil.copy(self.home / "airflow.db", self._template)

    @property
    def logs(self) -> Path:
        """Return Airflow's log folder."""
        return self.home / "logs"

    def url(self, name: str) -> str:
        """Return the URL of a store for one measurement."""
        return f"s3://{BUCKET}/{self.mode}/{name}"

    def machine(self, url: str) -> Machine:
        """Return the machine on which the tasks run."""
        return Machine(self.home, url, self.server.environ())

    def variables(self, url: str) -> dict[str, str]:
        """Return the settings of the mode."""
        if self.mode == STOCK:
            settings = {
                "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
                "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": url,
                "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "aws_default",
                "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
            }
        else:
            config = {"AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": LOGGING_CONFIG} if LINE == "2.11" else {}
            settings = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": url, **config}
        secrets = {"AIRFLOW__API__SECRET_KEY": SECRET_KEY, "AIRFLOW__WEBSERVER__SECRET_KEY": SECRET_KEY}
        jwt = {"AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY}
        return {**settings, **secrets, **jwt, **self.server.environ()}

    def environ(self, url: str, **variables: str) -> dict[str, str]:
        """Return the environment of a component."""
        return self.proof.environment(**{**self.variables(url), **variables})

    def reset(self, state: str = "") -> None:
        """Have the task in a state, and no log on this machine."""
        shutil.rmtree(self.logs, ignore_errors=True)
        shutil.copy(self._template, self.home / "airflow.db")
        if state:
            change = "UPDATE task_instance SET state = ?, try_number = 1, hostname = '127.0.0.1'"
            with sqlite3.connect(self.home / "airflow.db") as connection:
                connection.execute(change, (state,))
            connection.close()
