"""What the fixes cost while Airflow works: a scheduler's loops, and a task from its start to its end (`make bench`).

Both are measured without any fix and with all of them, in turn. A task's run is measured as processor time. A loop is
counted in function calls, of Python and of C: its time differs by 5 % from one process to the next, its calls do not.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.processor_time import processor_time
from bench.rounds import minima
from testing.entrypoint_process import isolated_environment
from testing.execution_api import execution_api
from testing.installed_line import LINE
from testing.proof import FIXED, SELECTION, STOCK, copy_migrated_database
from testing.task_workload import task_workload

LOOP, TASK_RUN = "a scheduler's loop", "a task's run"
ROUNDS, LOOP_ROUNDS = 5, 2
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
# Runs a scheduler, and prints the function calls of a loop: the mean of LOOPS loops after its first ones.
COUNT = """
import cProfile, sys
from airflow.__main__ import main
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

WARM_UP, LOOPS = 20, 200
profile, loop, do_scheduling = cProfile.Profile(), 0, SchedulerJobRunner._do_scheduling

def count(*arguments, **options):
    global loop
    loop += 1
    if loop == WARM_UP:
        profile.enable()
    if loop == WARM_UP + LOOPS:
        profile.disable()
    return do_scheduling(*arguments, **options)

SchedulerJobRunner._do_scheduling = count
sys.argv = ["airflow", "scheduler", "--num-runs", str(WARM_UP + LOOPS)]
main()
profile.create_stats()
print()
print(sum(calls for _, calls, *_ in profile.stats.values()) / LOOPS)
"""
RUN = ("dags", "trigger", "--run-id", "run", "dag")
TASK = ("tasks", "run", "--local", "--force", "--ignore-all-dependencies", "dag", "task", "run")


class OneDagAirflow:
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

    def task(self) -> float:
        """Return the processor time of a task that does nothing, with its supervisor, in seconds."""
        shutil.copy(self._template, self._home / "airflow.db")
        if LINE == "2.11":
            return processor_time([*AIRFLOW, *TASK], self._environ)
        with execution_api() as api:
            environ = {**self._environ, "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": api.url}
            supervisor = ("-m", "airflow.sdk.execution_time.execute_workload", "--json-string")
            return processor_time([sys.executable, *supervisor, task_workload("task.log")], environ)

    def loop(self) -> float:
        """Return the function calls of a scheduler's loop."""
        shutil.copy(self._template, self._home / "airflow.db")
        words = [sys.executable, "-c", COUNT]
        done = subprocess.run(words, env=self._environ, check=True, capture_output=True, text=True)
        return float(done.stdout.splitlines()[-1])


def figures_at_work(folder: Path) -> dict[str, dict[str, float]]:
    """Return the function calls of LOOP and the seconds of TASK_RUN, by STOCK and FIXED."""
    workplaces = {mode: OneDagAirflow(folder, mode) for mode in (STOCK, FIXED)}
    loops: dict[str, Callable[[], float]] = {mode: place.loop for mode, place in workplaces.items()}
    tasks: dict[str, Callable[[], float]] = {mode: place.task for mode, place in workplaces.items()}
    return {LOOP: minima(loops, LOOP_ROUNDS), TASK_RUN: minima(tasks, ROUNDS)}
