"""Objects left over from startup are not collected while the job runs, when a signal handler's exception is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from testing.entrypoint_process import environment

PROGRAM = """
import gc, sys, weakref
from airflow.jobs.job import Job

class Leftover:
    pass

sys.argv = ["airflow", "triggerer"]
gc.disable()
leftover = Leftover()
leftover.cycle = leftover
reference = weakref.ref(leftover, lambda _: print("collected"))
del leftover
JOB
gc.collect()
print("done")
"""


@pytest.mark.parametrize(("job", "output"), [("Job()", ["done"]), ("", ["collected", "done"])])
def test_object_from_before_a_job_is_never_collected(tmp_path: Path, job: str, output: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("JOB", job)],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=300,
    )
    assert [line for line in done.stdout.splitlines() if line in ("collected", "done")] == output, done
