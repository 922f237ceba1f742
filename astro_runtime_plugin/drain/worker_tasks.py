"""The tasks that a Celery worker has, from its replies. A reply is input: it may be anything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from astro_runtime_plugin.options.text import printable

TASKS_RUN = ["airflow", "tasks", "run"]


class WorkerTask(NamedTuple):
    """A message that a worker has: of a task of Airflow's if `dag_id` is not empty."""

    dag_id: str = ""
    task_id: str = ""
    started: float | None = None
    """When it began to run, in seconds since the epoch; None if it waits for a free process."""

    @property
    def name(self) -> str:
        """Return its name on one line."""
        return printable(f"{self.dag_id}.{self.task_id}") if self.dag_id else "a task without a name"

    @property
    def seconds(self) -> float:
        """Return for how long it has run."""
        return max(0.0, time.time() - self.started) if self.started is not None else 0.0


def parse_tasks(active: Any, reserved: Any) -> list[WorkerTask]:
    """Return the tasks in the replies to Celery's questions `active` and `reserved`, the oldest first."""
    running = [_parse(entry, _start(entry)) for entry in _entries(active)]
    waiting = [_parse(entry, None) for entry in _entries(reserved)]
    return sorted(running, key=lambda task: task.started or time.time()) + waiting


def _entries(reply: Any) -> Iterator[dict[str, Any]]:
    yield from (entry for entry in reply if isinstance(entry, dict)) if isinstance(reply, list) else ()


def _start(entry: dict[str, Any]) -> float | None:
    start = entry.get("time_start")
    return float(start) if isinstance(start, int | float) else None


def _parse(entry: dict[str, Any], started: float | None) -> WorkerTask:
    with suppress(KeyError, IndexError, TypeError, ValueError, RecursionError):
        dag_id, task_id = _identifiers(entry["args"][0])
        if isinstance(dag_id, str) and isinstance(task_id, str):
            return WorkerTask(dag_id, task_id, started)
    return WorkerTask(started=started)


def _identifiers(argument: Any) -> tuple[Any, Any]:
    """Return DAG and task of a message: JSON on Airflow 3, the words of `airflow tasks run` on Airflow 2."""
    if isinstance(argument, str):
        task = json.loads(argument)["ti"]
        return task["dag_id"], task["task_id"]
    if argument[:3] != TASKS_RUN:
        raise ValueError(argument[:3])
    return argument[3], argument[4]
