"""Starts a LocalExecutor, and reports whether Python's collector leaves alone what its processes share.

On Airflow 3 it then starts another process, as in the place of one that was killed.
"""

from __future__ import annotations

import gc

from airflow.executors.local_executor import LocalExecutor

from testing.installed_line import LINE
from testing.proof import report

executor = LocalExecutor(parallelism=1)
executor.start()
if LINE == "3.3":
    executor._spawn_workers_with_gc_freeze(1)
report(gc.get_freeze_count() > 10_000)
executor.end()
