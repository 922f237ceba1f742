"""Talks to one Celery worker through the broker: its queues, its tasks, and that it takes no more of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import psutil  # type: ignore[import-untyped]

from astro_runtime_plugin.celery_client import support_problem
from astro_runtime_plugin.drain.worker_tasks import WorkerTask, parse_tasks
from astro_runtime_plugin.health.process_title import celery_worker
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from astro_runtime_plugin.health.worker import broker_problem, worker_app, worker_node
from entrypoint.errors import UNAVAILABLE, UNKNOWN, StartError

REPLY_SECONDS = 5
ATTEMPTS = 3  # a busy worker may reply late
T = TypeVar("T")


class WorkerControl:
    """The worker that `settings` name. Its methods raise StartError, with UNAVAILABLE if the broker does not answer."""

    def __init__(self, settings: HealthSettings) -> None:
        try:
            self.node = worker_node(settings)
            self._app = worker_app(settings)
            problem = support_problem(self._app)
        except UnknownHealthError as error:
            raise StartError(f"the worker cannot be queried: {error}", UNKNOWN) from None
        if problem:
            raise StartError(
                f"the worker cannot be queried: {problem}. SIGTERM to its main process drains it, too: it ends then",
                UNKNOWN,
            )

    def queues(self) -> list[str] | None:
        """Return the names of the queues that the worker consumes; None if it does not reply."""
        reply = self._inspect("active_queues", list)
        if reply is None:
            return None
        names = [entry.get("name") for entry in reply if isinstance(entry, dict)]
        return [name for name in names if isinstance(name, str) and name]

    def tasks(self, end: float = math.inf) -> list[WorkerTask] | None:
        """Return the tasks that run, the oldest first, and those that wait in the worker; None if it does not reply.

        After `end` of the monotonic clock a question is asked once, and not repeated.
        """
        # First what waits: a task that begins meanwhile is seen twice, and never missed.
        reserved = self._inspect("reserved", list, end)
        active = None if reserved is None else self._inspect("active", list, end)
        return None if active is None else parse_tasks(active, reserved)

    def stop_consuming(self, queues: Sequence[str]) -> None:
        """Let the worker take no more messages from the queues."""
        options = {"destination": [self.node], "reply": True, "timeout": REPLY_SECONDS, "limit": 1}
        for queue in queues:
            cancel = partial(self._app.control.cancel_consumer, queue, **options)
            self._call(partial(_with_connection, cancel))

    def process(self) -> psutil.Process | None:
        """Return the worker's main process; None if it is on another machine or in another container."""
        stats = self._inspect("stats", dict)
        pid = stats.get("pid") if stats else None
        try:
            process = psutil.Process(pid) if isinstance(pid, int) and pid > 0 else None
            title = " ".join(process.cmdline()) if process else ""
        except psutil.Error:
            return None
        return process if f"--celery-hostname={self.node}" in celery_worker(title) else None

    def _inspect(self, question: str, kind: type[T], end: float = math.inf) -> T | None:
        """Return the worker's reply; None if there is none of this type, since Celery's reply may be an error."""
        for _ in range(ATTEMPTS):
            replies = self._call(lambda connection: getattr(self._inspector(connection), question)())
            reply = replies.get(self.node) if isinstance(replies, dict) else None
            if isinstance(reply, kind):
                return reply
            if time.monotonic() >= end:
                return None
        return None

    def _inspector(self, connection: Any) -> Any:
        return self._app.control.inspect(
            destination=[self.node], timeout=REPLY_SECONDS, limit=1, connection=connection
        )

    def _call(self, function: Callable[[Any], T]) -> T:
        try:
            self._app.control.mailbox.producer_pool = None  # see `health.worker.active_queues`
            with self._app.connection_for_write() as connection:
                return function(connection)
        except Exception as error:  # each transport has its own errors
            problem = broker_problem(self._app, error)
            if isinstance(problem, UnhealthyError):
                raise StartError(str(problem), UNAVAILABLE) from None
            raise


def _with_connection(call: Callable[..., T], connection: Any) -> T:
    return call(connection=connection)
