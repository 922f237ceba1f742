"""An AIRFLOW_HOME with a run of the DAG `orders`, whose task logs are in a folder."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from testing.cli_process import run_astro_runtime
from testing.entrypoint_process import CHECKOUT, isolated_environment

SOURCE = """
try:
    from airflow.sdk import DAG, task
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.decorators import task

def work(name="one"):
    pass

with DAG("orders", schedule=None):
    task(work, task_id="load")()
    task(work, task_id="each").expand(name=["a", "b"])
"""
CREATE = """
import sys
from testing.airflow_command import airflow_command, save_dags
save_dags(sys.argv[1])
airflow_command("dags", "trigger", "orders", "--run-id", "today")
"""
FOLDER = "dag_id=orders/run_id=today/task_id=load"


def create_run(home: Path) -> None:
    """Save the DAG in the home's database, and create a run of it."""
    subprocess.run(
        [sys.executable, "-c", CREATE, SOURCE],
        env=isolated_environment(home),
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        timeout=300,
    )


class OrdersHome:
    """A home in which the first try of `load` has ended, and a store."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = path / "store"
        self.set_state("success", 1)

    def set_state(self, state: str | None, number: int) -> None:
        with closing(sqlite3.connect(self.path / "airflow.db", timeout=300)) as database, database:
            changed = database.execute(
                "UPDATE task_instance SET state = ?, try_number = ? WHERE task_id = 'load'", (state, number)
            )
            assert changed.rowcount == 1

    def write(self, name: str, text: str, below: str = "store") -> None:
        file = self.path / below / FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def environ(self, with_store: bool = True) -> dict[str, str]:
        url = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": f"file://{self.store}"} if with_store else {}
        return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.path}/airflow.db", **url}

    def run(self, *words: str, with_store: bool = True) -> subprocess.CompletedProcess[str]:
        return run_astro_runtime(self.path, "logs", *words, **self.environ(with_store))
