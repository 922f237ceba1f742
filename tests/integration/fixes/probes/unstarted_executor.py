"""Ends a LocalExecutor that has not been started, as a scheduler does that is stopped before it could start it."""

from __future__ import annotations

from airflow.executors.local_executor import LocalExecutor

from testing.proof import report

error = None
try:
    LocalExecutor(parallelism=1).end()
except AttributeError as failure:
    error = str(failure)
report(error)
