"""The process that asks the Celery workers, round after round, and writes a JSON line on stdout for each.

Started by `follow`, which hands its process id and the broker's settings over on stdin. A process of its own, without
Airflow, because the scheduler forks: a fork while a thread of its own held one of kombu's locks would hang, and
`inspect` takes its whole time-out.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from celery import Celery

from astro_runtime_plugin.parallelism.limit import Worker, pool_size

ANSWER_SECONDS = 1.5  # how long the answers to one question are waited for
PAUSE_SECONDS = 3.0  # between two rounds: the workers are asked every 5 seconds or so
MAX_ROUND_SECONDS = 30  # seconds, after which the process ends; its parent starts another
CONNECT_TIMEOUT = 5  # seconds that a connection to the broker may take
# What Airflow's Celery application knows of the broker.
SETTINGS = (
    "broker_url",
    "broker_read_url",
    "broker_write_url",
    "broker_login_method",
    "broker_use_ssl",
    "broker_transport_options",
    "control_exchange",
)
# The tasks that Airflow's own workers know; another Celery application may share the broker.
AIRFLOW_TASKS = ("execute_workload", "execute_command", "airflow.")


def broker_settings(conf: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a Celery application's configuration says how its broker is reached."""
    return {name: conf[name] for name in SETTINGS if conf.get(name) is not None}


def create_celery_app(settings: Mapping[str, Any]) -> Celery:
    """Return a Celery application that asks, and gives up soon where the broker is away."""
    app = Celery(set_as_current=False)
    options = dict(settings.get("broker_transport_options") or {})
    options |= {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    if str(settings.get("broker_url", "")).startswith(("redis", "sentinel")):
        options |= {"socket_connect_timeout": CONNECT_TIMEOUT, "socket_timeout": CONNECT_TIMEOUT}
    soon = {"broker_connection_retry": False, "broker_connection_timeout": CONNECT_TIMEOUT}
    app.conf.update({**settings, **soon, "broker_transport_options": options})
    return app


class WorkerInspector:
    """Asks the workers of one broker, and knows which ones are Airflow's."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._app = create_celery_app(settings)
        self._airflows: dict[str, tuple[Any, bool]] = {}
        self._active: dict[str, list[str]] = {}

    def inspect_once(self) -> dict[str, Any]:
        """Return `{"workers": [[name, pool, queues], ...], "active": [id, ...]}`, the ids of the tasks that they run.

        Where the broker is away it is `{"error": ...}`.
        """
        try:
            workers = self._ask()
            return {
                "workers": workers,
                "active": [one for worker in workers for one in self._active[worker.name]],
            }
        except Exception as error:  # each transport has errors of its own
            self._app.close()
            self._app = create_celery_app(self._settings)
            return {"error": type(error).__name__}

    def _ask(self) -> list[Worker]:
        stats = self._app.control.inspect(timeout=ANSWER_SECONDS).stats() or {}
        self._recognize(stats)
        found = {
            name: pool_size(stats[name])
            for name in sorted(stats)
            if self._airflows.get(name, (None, False))[1]
        }
        if not found:
            return []
        # No longer than until each has answered.
        inspect = self._app.control.inspect(destination=[*found], timeout=ANSWER_SECONDS, limit=len(found))
        queues = inspect.active_queues() or {}
        active = inspect.active(safe=True) or {}  # their arguments are cut short
        self._active = {
            name: [task["id"] for task in active[name]] if name in active else self._active.get(name, [])
            for name in found
        }
        return [
            Worker(name, pool, tuple(sorted(queue["name"] for queue in queues[name])))
            for name, pool in found.items()
            if name in queues
        ]

    def _recognize(self, stats: Mapping[str, Any]) -> None:
        """Find out which of the workers are Airflow's; each is asked once."""
        new = [
            name for name, answer in stats.items() if self._airflows.get(name, (None,))[0] != answer["pid"]
        ]
        if new:
            inspect = self._app.control.inspect(destination=new, timeout=ANSWER_SECONDS, limit=len(new))
            for name, tasks in (inspect.registered() or {}).items():
                self._airflows[name] = (stats[name]["pid"], runs_airflow_tasks(tasks))


def runs_airflow_tasks(tasks: Iterable[str]) -> bool:
    """Tell whether a worker with these tasks is Airflow's."""
    return any(task.startswith(AIRFLOW_TASKS) for task in tasks)


def should_stop(parent: int) -> bool:
    """Wait for the next round; tell whether the parent has gone, or wants no more."""
    readable, _, _ = select.select([sys.stdin], [], [], PAUSE_SECONDS)
    return bool(readable) or os.getppid() != parent


def main() -> None:
    """Ask until the parent goes."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the scheduler's, which this process ends with
    try:
        parent, settings = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent's own writing
    except Exception as error:  # whatever the modules raise that the settings name
        print(json.dumps({"error": repr(error)}), flush=True)
        return
    asker = WorkerInspector(settings)
    while True:
        signal.alarm(MAX_ROUND_SECONDS)
        answer = asker.inspect_once()
        signal.alarm(0)
        try:
            print(json.dumps(answer), flush=True)
        except BrokenPipeError:
            os._exit(0)
        if should_stop(parent):
            return
