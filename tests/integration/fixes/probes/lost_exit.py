"""Tells a job to stop at the moment when an object from before its start is about to be collected."""

from __future__ import annotations

import gc
import os
import signal
import sys
import weakref
from types import FrameType

from airflow.jobs.job import Job, run_job

from testing.proof import report


class Leftover:
    """Refers to itself, so that only the garbage collector removes it."""

    def __init__(self) -> None:
        self.cycle = self


def stop(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def stop_during_collection(reference: object) -> None:
    collected.append(reference)
    stop()


def exit_gracefully(_signal: int, _frame: FrameType | None) -> None:
    """Do what Airflow's handlers do."""
    sys.exit(0)


def execute() -> None:
    """Be told to stop, while the leftover is collected if it ever is."""
    gc.collect()
    if not collected:
        stop()
    went_on.append(True)


collected: list[object] = []
went_on: list[bool] = []
signal.signal(signal.SIGTERM, exit_gracefully)
gc.disable()
leftover = Leftover()
reference = weakref.ref(leftover, stop_during_collection)
del leftover
run_job(job=Job(), execute_callable=execute)
report("went on" if went_on else "stopped")
