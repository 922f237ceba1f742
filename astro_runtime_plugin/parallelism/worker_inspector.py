"""The child process that queries the Celery workers in rounds and answers with a line of JSON for each round.

`monitor` starts it; its question is the scheduler's process id and the broker's settings. It is a separate process,
without Airflow, because the scheduler forks: a fork while one of its threads holds a lock of kombu's would hang. And
a question that all workers may reply to always takes its whole timeout.
"""

from __future__ import annotations

import os
import resource
import select
import sys
from collections.abc import Mapping
from typing import Any

from celery.app.defaults import DEFAULTS

from astro_runtime_plugin import child_process
from astro_runtime_plugin.celery_client import create_app, remote_control_problem
from astro_runtime_plugin.parallelism.bounds import MAX_INVALID, MAX_MEMORY
from astro_runtime_plugin.parallelism.inspection import CachedWorker, Inspection
from astro_runtime_plugin.parallelism.reply_mailbox import ReplyControl
from astro_runtime_plugin.releases.running_image import RunningImage

PAUSE_SECONDS = 3.0  # between two rounds: the workers are queried about every 5 seconds
MAX_ROUND_SECONDS = 30  # then the process ends, and its parent starts another
ROUNDS = 100  # with one application: kombu remembers each reply queue
# The settings of Airflow's Celery application that concern the broker and its queues: whole families, and these.
BROKER_FAMILIES = ("broker_", "control_", "event_")
NOT_SET = object()
BROKER_SETTINGS = ("accept_content", "task_serializer", "worker_enable_remote_control")


def broker_settings(conf: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a Celery application's configuration that is needed to reach its workers.

    None counts as not set, unless Celery's default is something else.
    """
    names = [name for name in DEFAULTS if name.startswith(BROKER_FAMILIES) or name in BROKER_SETTINGS]
    # `name in conf` would be wrong for a configuration that Celery has not loaded yet.
    values = {name: conf.get(name, NOT_SET) for name in names}
    return {
        name: value
        for name, value in values.items()
        if value is not NOT_SET and (value is not None or DEFAULTS[name])
    }


class WorkerInspector:
    """Queries the Airflow workers of one broker; `images` has the image of each that named one in the last round."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._app = create_app(settings)
        self._problem = remote_control_problem(self._app)
        self._rounds = 0
        self._cached: Mapping[str, CachedWorker] = {}
        self.images: Mapping[str, RunningImage] = {}

    def inspect_once(self) -> dict[str, Any]:
        """Return `{"workers": [[name, pool, queues], ...], "active": [id, ...]}`; the ids are of running tasks.

        `"invalid": {name: reason}` is added if a worker's reply is invalid, and `"silent": [name, ...]` if workers did
        not reply to every question. Returns `{"error": ...}` if the broker does not answer, or does not pass questions
        on.
        """
        try:
            return self._query()
        except Exception as error:  # each transport has its own errors
            self._replace_app()
            return {"error": type(error).__name__}

    def _query(self) -> dict[str, Any]:
        if self._problem:
            return {"error": self._problem}
        if self._rounds >= ROUNDS:
            self._replace_app()
        self._rounds += 1
        inspection = Inspection(ReplyControl(self._app).ask, self._cached)
        workers, tasks = inspection.query()
        self._cached, self.images = inspection.cached, inspection.images
        answer: dict[str, Any] = {"workers": workers, "active": tasks}
        unclear = {"invalid": inspection.invalid, "silent": sorted(inspection.silent)[:MAX_INVALID]}
        return answer | {name: workers for name, workers in unclear.items() if workers}

    def _replace_app(self) -> None:
        self._app.close()
        self._app = create_app(self._settings)
        self._rounds = 0


def should_stop(parent: int) -> bool:
    """Wait for the next round; return whether the parent has ended or closed the child's stdin."""
    readable, _, _ = select.select([sys.stdin], [], [], PAUSE_SECONDS)
    return bool(readable) or os.getppid() != parent


def limit_memory() -> None:
    """Let a reply that would need more than MAX_MEMORY fail; a lower limit of the operator's stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if not 0 <= soft <= MAX_MEMORY:
        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, hard))


def main() -> None:
    """Query the workers until the parent ends."""
    try:
        parent, settings = child_process.read_question()
    except Exception as error:  # the settings name modules, which may raise anything, with any text
        child_process.answer({"error": type(error).__name__})
        return
    limit_memory()
    inspector = WorkerInspector(settings)
    while True:
        with child_process.time_limit(MAX_ROUND_SECONDS):
            result = inspector.inspect_once()
        child_process.answer(result)
        if should_stop(parent):
            return
