"""Starts a LocalExecutor, and reports whether Python's collector leaves alone what its processes share."""

from __future__ import annotations

import gc

from airflow.executors.local_executor import LocalExecutor

from testing.proof import report

executor = LocalExecutor(parallelism=1)
executor.start()
report(gc.get_freeze_count() > 10_000)
executor.end()
