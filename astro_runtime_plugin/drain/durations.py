"""How long tasks took in their last runs, from the metadata database, without Airflow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Float, String, column, func, select, table
from sqlalchemy.engine import Engine
from sqlalchemy.sql import Select

from astro_runtime_plugin.drain.worker_tasks import WorkerTask
from astro_runtime_plugin.health.database import metadata_engine, metadata_url, query_value
from astro_runtime_plugin.health.settings import HealthSettings
from entrypoint.command import DATABASE

RUNS = 10  # the last ones that succeeded


class LastDurations:
    """The longest of each task's last runs. Without the database, as on some workers of Airflow 3, nothing is known."""

    def __init__(self, settings: HealthSettings) -> None:
        self._schema = settings.get("database", "sql_alchemy_schema", "").strip() or None
        self._engine: Engine | None = None
        with suppress(Exception):  # no URL, no driver: whoever needs the database has reported that
            url = metadata_url(settings.url(DATABASE))
            # CeleryExecutor does not run on SQLite: that is the default's URL, and its file would be created.
            self._engine = None if url.get_backend_name() == "sqlite" else metadata_engine(url, settings)
        self._seconds: dict[tuple[str, str], float | None] = {}

    def seconds_left(self, tasks: Sequence[WorkerTask]) -> float | None:
        """Return how long the tasks would take if each took as long as the longest of its last runs.

        None if that is not known for one of them: no run has succeeded, it has run for longer than that, it waits in
        the worker, or the database does not answer.
        """
        longest = [self._longest(task) for task in tasks]
        left = [
            None if seconds is None else seconds - task.seconds
            for task, seconds in zip(tasks, longest, strict=True)
        ]
        positive = [seconds for seconds in left if seconds is not None and seconds > 0]
        return max(positive) if positive and len(positive) == len(tasks) else None

    def _longest(self, task: WorkerTask) -> float | None:
        key = (task.dag_id, task.task_id)
        if self._engine is None or not task.dag_id or task.started is None:
            return None
        if key not in self._seconds:
            self._seconds[key] = None
            with suppress(Exception):  # each driver has its own errors; an estimate is not worth a message
                value = query_value(self._engine, duration_query(*key, self._schema))
                self._seconds[key] = None if value is None else float(value)
        return self._seconds[key]


def duration_query(dag_id: str, task_id: str, schema: str | None) -> Select[Any]:
    """Return the query for the longest of a task's last successful runs, in seconds."""
    types = {"dag_id": String, "task_id": String, "state": String, "duration": Float, "start_date": String}
    columns: list[Any] = [column(name, kind) for name, kind in types.items()]
    tasks: Any = table("task_instance", *columns, schema=schema)
    last = (
        select(tasks.c.duration)
        .where(tasks.c.dag_id == dag_id, tasks.c.task_id == task_id)
        .where(tasks.c.state == "success", tasks.c.duration.is_not(None))
        .order_by(tasks.c.start_date.desc())
        .limit(RUNS)
        .subquery()
    )
    return select(func.max(last.c.duration))
