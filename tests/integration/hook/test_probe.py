"""The probe finds what the main thread works at, and touches nothing else: a part of Airflow that is half imported."""

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
        return getattr(self, name)  # as SQLAlchemy's and pydantic's amid their import: RecursionError

    def work(self):
        print([type(one).__name__ for one in probe.at_work()])

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


def test_an_object_that_is_not_ready_does_not_end_the_probe(tmp_path: Path) -> None:
    home = tmp_path / "home"
    probe.make(home)
    environ = probe.environment(home, {"PYTHONPATH": str(home / "config")})
    done = subprocess.run(
        [sys.executable, "-c", SOURCE], env=environ, capture_output=True, text=True, timeout=300
    )
    alone, with_executor = ["SchedulerJobRunner"], ["SchedulerJobRunner", "CeleryExecutor"]
    assert done.stdout.splitlines() == [str(alone), str(with_executor), str(with_executor)], done.stderr
