"""The probe finds the objects that the main thread works with, and does not disturb Airflow's imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.hook import probe

SOURCE = """
import airflow_local_settings as probe

__name__ = "airflow.jobs.scheduler_job_runner"

class CeleryExecutor:
    pass

class Unready:
    def __getattr__(self, name):
        return getattr(self, name)  # like SQLAlchemy's and pydantic's during their import: RecursionError

    def work(self):
        print([type(active).__name__ for active in probe.active_objects()])

class SchedulerJobRunner:
    def work(self, part):
        part.work()

runner = SchedulerJobRunner()
runner.work(Unready())
runner.executors = [CeleryExecutor()]
runner.work(Unready())
runner.__dict__.update(executors=[], job=Unready())
runner.job.executors = [CeleryExecutor()]
runner.work(Unready())
"""
# Like `Arg.__init__` in Airflow's cli_config.py. Reading the frame's variables would add `name` to the dictionary.
ITERATION = """
import airflow_local_settings as probe

class Arg:
    def __init__(self, default):
        for name in locals():
            list(probe.active_objects())
        print(name)

Arg(default=1)
"""


def run(tmp_path: Path, source: str) -> subprocess.CompletedProcess[str]:
    home = tmp_path / "home"
    probe.create_home(home)
    environ = probe.probe_environment(home, {"PYTHONPATH": str(home / "config")})
    words = [sys.executable, "-c", source]
    return subprocess.run(words, env=environ, capture_output=True, text=True, timeout=300)


def test_iteration_over_local_variables_is_not_disturbed(tmp_path: Path) -> None:
    done = run(tmp_path, ITERATION)
    assert (done.stdout, done.stderr) == ("default\n", "")


def test_half_created_object_does_not_stop_the_probe(tmp_path: Path) -> None:
    done = run(tmp_path, SOURCE)
    alone, with_executor = ["SchedulerJobRunner"], ["SchedulerJobRunner", "CeleryExecutor"]
    assert done.stdout.splitlines() == [str(alone), str(with_executor), str(with_executor)], done.stderr
