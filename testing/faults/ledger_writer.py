"""Writes into the ledger when a task's code starts, that it still runs, and how it ends; from within the task.

It talks to the ledger's own PostgreSQL, which no fault touches. It needs psycopg2 alone, so that stock Airflow has it.
"""

from __future__ import annotations

import os
import socket
import time
from types import TracebackType
from typing import Any

import psycopg2  # type: ignore[import-untyped]

PULSE_SECONDS = 0.5
START = """
    INSERT INTO attempt (dag_id, run_id, task_id, map_index, try_number, pid, host)
    VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id"""
PULSE = "UPDATE attempt SET seen_at = clock_timestamp() WHERE id = %s"
END = "UPDATE attempt SET seen_at = clock_timestamp(), outcome = %s WHERE id = %s"
# What the load raises by plan, by class name: this file knows no Airflow.
OUTCOMES = {"TaskDeferred": "deferred", "RuntimeError": "failed"}


class LedgerEntry:
    """The row of one run of a task's code, for the `with` statement around that code; `ti` is its task instance.

    A RuntimeError is a failure that the load plans; everything else that ends the code has interrupted it.
    """

    def __init__(self, ledger: str, ti: Any) -> None:
        self.outcome = "done"
        self._connection = psycopg2.connect(ledger)
        self._connection.autocommit = True
        key = (ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number)
        self._id = self._execute(START, *key, os.getpid(), socket.gethostname())[0][0]

    def work(self, seconds: float) -> None:
        """Let time pass, and write that the code is still running."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, PULSE_SECONDS))
            self._execute(PULSE, self._id)

    def __enter__(self) -> LedgerEntry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind:
            self.outcome = OUTCOMES.get(kind.__name__, "interrupted")
        self._execute(END, self.outcome, self._id)
        self._connection.close()

    def _execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
