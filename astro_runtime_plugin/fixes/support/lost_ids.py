"""Queued tasks whose scheduler has ended before it had saved under which ids Celery knows them; for Airflow 2.

Nobody can adopt them, and the scheduler resets them. That costs a try, and a worker that has the message starts a task
without a state: it would run although it is sent again. A scheduled task keeps its try, and no worker starts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt

Adopt = Callable[[Any, Sequence[Any]], Sequence[Any]]


def schedule_unknown(fix_id: str) -> Callable[[Adopt], Adopt]:
    """Return what wraps `try_adopt_task_instances`, which returns the tasks that the scheduler resets."""

    def wrap(adopt: Adopt) -> Adopt:
        @wraps(adopt)
        def adopt_or_schedule(executor: Any, tis: Sequence[Any]) -> list[Any]:
            return [task for task in adopt(executor, tis) if not attempt(fix_id, False, schedule, task)]

        return adopt_or_schedule

    return wrap


def schedule(task: Any) -> bool:
    """Make a task scheduled if it is queued and has no id; return whether it was. Raises SQLAlchemyError."""
    if task.state != "queued" or task.external_executor_id is not None:
        return False
    task.state = "scheduled"
    return True
