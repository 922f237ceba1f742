"""What the fixes cost while Airflow works: a scheduler's loops, and a task from its start to its end (`make bench`).

Both are measured without any fix and with all of them, in turn, as processor time of the processes and their children.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.processor_time import processor_time
from bench.rounds import minima
from testing.entrypoint_process import isolated_environment
from testing.execution_api import execution_api
from testing.installed_line import LINE
from testing.proof import FIXED, SELECTION, STOCK, copy_migrated_database
from testing.task_workload import task_workload

ROUNDS = 5
# A scheduler that runs this many loops, without the time of one that runs this few.
MANY_LOOPS, FEW_LOOPS = 350, 50
AIRFLOW = (sys.executable, "-m", "airflow")
SETTINGS = {
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0",
    "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",  # of 2.11; 3.3 has no other
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "5",
    "AIRFLOW__CORE__PARALLELISM": "1",
}
DAG = """
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@dag(dag_id="dag", schedule=None, start_date=datetime(2020, 1, 1), is_paused_upon_creation=False)
def work():
    @task(task_id="task")
    def nothing():
        pass

    nothing()

work()
"""
RUN = ("dags", "trigger", "--run-id", "run", "dag")
TASK = ("tasks", "run", "--local", "--force", "--ignore-all-dependencies", "dag", "task", "run")


class Workplace:
    """An Airflow with one DAG, with or without the fixes; each measurement begins with the same database."""

    def __init__(self, folder: Path, mode: str) -> None:
        self._home = folder / mode
        self._template = folder / f"{mode}.db"
        copy_migrated_database(folder / "templates", self._home)
        (self._home / "dags").mkdir()
        (self._home / "dags" / "dag.py").write_text(DAG)
        self._environ = isolated_environment(
            self._home, **SETTINGS, AIRFLOW__ASTRO_RUNTIME__FIXES=SELECTION[mode]
        )
        if LINE == "2.11":
            for words in (("dags", "reserialize"), RUN):
                subprocess.run([*AIRFLOW, *words], env=self._environ, check=True, capture_output=True)
        shutil.copy(self._home / "airflow.db", self._template)

    def loops(self) -> float:
        """Return the processor time of a scheduler's loops, in seconds."""
        return self._scheduler(MANY_LOOPS) - self._scheduler(FEW_LOOPS)

    def task(self) -> float:
        """Return the processor time of a task that does nothing, with its supervisor, in seconds."""
        shutil.copy(self._template, self._home / "airflow.db")
        if LINE == "2.11":
            return processor_time([*AIRFLOW, *TASK], self._environ)
        with execution_api() as api:
            environ = {**self._environ, "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": api.url}
            supervisor = ("-m", "airflow.sdk.execution_time.execute_workload", "--json-string")
            return processor_time([sys.executable, *supervisor, task_workload("task.log")], environ)

    def _scheduler(self, loops: int) -> float:
        shutil.copy(self._template, self._home / "airflow.db")
        return processor_time([*AIRFLOW, "scheduler", "--num-runs", str(loops)], self._environ)


def times_at_work(folder: Path) -> dict[str, dict[str, float]]:
    """Return the times of `a scheduler's loop` and `a task's run`, by STOCK and FIXED, in seconds."""
    workplaces = {mode: Workplace(folder, mode) for mode in (STOCK, FIXED)}
    loops: dict[str, Callable[[], float]] = {mode: place.loops for mode, place in workplaces.items()}
    tasks: dict[str, Callable[[], float]] = {mode: partial(place.task) for mode, place in workplaces.items()}
    per_loop = {mode: seconds / (MANY_LOOPS - FEW_LOOPS) for mode, seconds in minima(loops, ROUNDS).items()}
    return {"a scheduler's loop": per_loop, "a task's run": minima(tasks, ROUNDS)}
