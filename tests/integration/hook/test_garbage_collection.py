"""What a start leaves behind is not collected amid the job, where what a signal's handler raises is dropped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from testing.entrypoint_process import environment

LEAVES = """
import gc, sys, weakref
from airflow.jobs.job import Job

class Left:
    pass

sys.argv = ["airflow", "triggerer"]
gc.disable()
left = Left()
left.itself = left
heard = weakref.ref(left, lambda _: print("collected"))
del left
JOB
gc.collect()
print("done")
"""


@pytest.mark.parametrize(("job", "said"), [("Job()", ["done"]), ("", ["collected", "done"])])
def test_what_is_left_before_a_job_is_never_collected(tmp_path: Path, job: str, said: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVES.replace("JOB", job)],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=300,
    )
    assert [line for line in done.stdout.splitlines() if line in ("collected", "done")] == said, done
