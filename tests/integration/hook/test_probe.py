"""The probe finds the objects that the main thread works with, and does not touch a half-imported part of Airflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.hook import probe

SOURCE = """
import airflow_local_settings as probe

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


def test_half_created_object_does_not_stop_the_probe(tmp_path: Path) -> None:
    home = tmp_path / "home"
    probe.create_home(home)
    environ = probe.probe_environment(home, {"PYTHONPATH": str(home / "config")})
    done = subprocess.run(
        [sys.executable, "-c", SOURCE], env=environ, capture_output=True, text=True, timeout=300
    )
    alone, with_executor = ["SchedulerJobRunner"], ["SchedulerJobRunner", "CeleryExecutor"]
    assert done.stdout.splitlines() == [str(alone), str(with_executor), str(with_executor)], done.stderr
