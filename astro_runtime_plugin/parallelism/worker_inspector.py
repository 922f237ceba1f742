"""The child process that queries the Celery workers in rounds and answers with a line of JSON for each round.

`monitor` starts it; its question is the scheduler's process id and the broker's settings. It is a separate process,
without Airflow, because the scheduler forks: a fork while one of its threads holds a lock of kombu's would hang. And
Celery's `inspect` always takes its whole timeout.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from astro_runtime_plugin import child_process
from astro_runtime_plugin.celery_client import create_app
from astro_runtime_plugin.parallelism.limit import Worker, pool_size

ANSWER_SECONDS = 1.5  # how long a query waits for answers
PAUSE_SECONDS = 3.0  # between two rounds: the workers are queried about every 5 seconds
MAX_ROUND_SECONDS = 30  # then the process ends, and its parent starts another
# The settings of Airflow's Celery application that concern the broker.
BROKER_SETTINGS = (
    "broker_url",
    "broker_read_url",
    "broker_write_url",
    "broker_login_method",
    "broker_use_ssl",
    "broker_transport_options",
    "control_exchange",
)
# The names of the tasks that Airflow's workers register; another Celery application may share the broker.
AIRFLOW_TASKS = ("execute_workload", "execute_command", "airflow.")


def broker_settings(conf: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a Celery application's configuration that is needed to reach its broker."""
    return {name: conf[name] for name in BROKER_SETTINGS if conf.get(name) is not None}


class WorkerInspector:
    """Queries the Airflow workers of one broker."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._app = create_app(settings)
        self._is_airflow: dict[
            str, tuple[Any, bool]
        ] = {}  # by worker: its process id, and whether it is Airflow's
        self._active: dict[str, list[str]] = {}

    def inspect_once(self) -> dict[str, Any]:
        """Return `{"workers": [[name, pool, queues], ...], "active": [id, ...]}`; the ids are of running tasks.

        Returns `{"error": ...}` if the broker does not answer.
        """
        try:
            workers = self._query()
            active = [task for worker in workers for task in self._active[worker.name]]
            return {"workers": workers, "active": active}
        except Exception as error:  # each transport has its own errors
            self._app.close()
            self._app = create_app(self._settings)
            return {"error": type(error).__name__}

    def _query(self) -> list[Worker]:
        stats = self._inspect().stats() or {}
        self._recognize(stats)
        pools = {
            name: pool_size(stats[name])
            for name in sorted(stats)
            if self._is_airflow.get(name, (None, False))[1]
        }
        if not pools:
            return []
        inspect = self._inspect(*pools)
        queues = inspect.active_queues() or {}
        self._remember_active(pools, inspect.active(safe=True) or {})  # `safe` truncates the arguments
        return [
            Worker(name, pool, tuple(sorted(queue["name"] for queue in queues[name])))
            for name, pool in pools.items()
            if name in queues
        ]

    def _inspect(self, *workers: str) -> Any:
        """Return a query; one for named workers ends as soon as each has answered."""
        options = {"destination": [*workers], "limit": len(workers)} if workers else {}
        return self._app.control.inspect(timeout=ANSWER_SECONDS, **options)

    def _recognize(self, stats: Mapping[str, Any]) -> None:
        """Determine which workers are Airflow's; each worker process is queried once."""
        new = [
            name for name, answer in stats.items() if self._is_airflow.get(name, (None,))[0] != answer["pid"]
        ]
        if new:
            for name, tasks in (self._inspect(*new).registered() or {}).items():
                self._is_airflow[name] = (stats[name]["pid"], runs_airflow_tasks(tasks))

    def _remember_active(self, workers: Iterable[str], active: Mapping[str, Any]) -> None:
        """Keep the ids of the running tasks; a worker that did not answer is assumed to run the same as before."""
        self._active = {
            name: [task["id"] for task in active[name]] if name in active else self._active.get(name, [])
            for name in workers
        }


def runs_airflow_tasks(tasks: Iterable[str]) -> bool:
    """Return whether a worker with these registered tasks is Airflow's."""
    return any(task.startswith(AIRFLOW_TASKS) for task in tasks)


def should_stop(parent: int) -> bool:
    """Wait for the next round; return whether the parent has ended or closed the child's stdin."""
    readable, _, _ = select.select([sys.stdin], [], [], PAUSE_SECONDS)
    return bool(readable) or os.getppid() != parent


def main() -> None:
    """Query the workers until the parent ends."""
    try:
        parent, settings = child_process.read_question()
    except Exception as error:  # whatever the modules raise that the settings name
        child_process.answer({"error": repr(error)})
        return
    inspector = WorkerInspector(settings)
    while True:
        with child_process.time_limit(MAX_ROUND_SECONDS):
            result = inspector.inspect_once()
        child_process.answer(result)
        if should_stop(parent):
            return
