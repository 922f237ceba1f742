"""A task that cannot be sent to Celery's broker stays queued in the executor until the broker is back.

Airflow fails the task at the first connection error; only after a time-out of its own does it send again, three times.
A task for which `_send_workloads_to_celery` returns no result stays in the executor's queue, and the scheduler's next
loop sends it. This fix leaves out the results of failed connections, for up to five minutes per task. During the
outage, one message of each batch tries to connect, and the other messages fail with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.outage import MAX_SECONDS, Outage, is_outage

ID = "celery-broker-outage"
PROBLEM = "tasks wait in the scheduler: Celery's broker cannot be reached"
Result = tuple[Any, Any, Any]  # of a message: the task's key, its arguments, and Celery's result or the error


class WaitingTasks:
    """The tasks of one executor that wait for the broker, and when each was first to be sent."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.outage = Outage(PROBLEM, clock)
        self._clock = clock
        self._since: dict[Any, float] = {}

    def pauses(self, messages: Sequence[tuple[Any, ...]]) -> bool:
        """Return whether the messages must wait for the next attempt."""
        now = self._clock()
        keys = [message[0] for message in messages]
        self._since = {key: self._since.get(key, now) for key in keys}
        return self.outage.pauses

    def keep(self, results: Sequence[Result]) -> list[Result]:
        """Return the results without those of the tasks that keep waiting."""
        failures = {key: error for key, _, result in results if (error := connection_error(result))}
        if len(failures) < len(results):
            self.outage.end()
        for error in [*failures.values()][:1]:
            self.outage.fail(error)
        waiting = {key for key in failures if self._clock() - self._since.get(key, 0) < MAX_SECONDS}
        return [result for result in results if result[0] not in waiting]


def connection_error(result: Any) -> BaseException | None:
    """Return the error of a message's result if it means that the broker is away. Source: `ExceptionWithTraceback`."""
    error = getattr(result, "exception", None)
    return error if isinstance(error, BaseException) and is_outage(error) else None


_waiting: WeakKeyDictionary[Any, WaitingTasks] = WeakKeyDictionary()
# The first failed result of the batch that is being sent; None between batches. Processes that send parts of the
# batch inherit it, because they are forked while the batch is sent.
_batch: dict[str, list[Any] | None] = {"failed": None}


@contextmanager
def one_batch() -> Iterator[None]:
    """Let the other messages of a batch fail as soon as one of them has failed."""
    _batch["failed"] = []
    try:
        yield
    finally:
        _batch["failed"] = None


def keep_queued(send: Callable[..., list[Result]]) -> Callable[..., list[Result]]:
    """Wrap `CeleryExecutor._send_workloads_to_celery`."""

    @wraps(send)
    def send_or_keep(executor: Any, workload_tuples_to_send: Sequence[tuple[Any, ...]]) -> list[Result]:
        waiting = attempt(ID, None, _waiting.setdefault, executor, WaitingTasks())
        if waiting and attempt(ID, False, waiting.pauses, workload_tuples_to_send):
            return []
        with one_batch():
            results = send(executor, workload_tuples_to_send)
        attempt(ID, None, note_attempts, executor, results)
        return attempt(ID, results, waiting.keep, results) if waiting else results

    return send_or_keep


def note_attempts(executor: Any, results: Sequence[Result]) -> None:
    """Note for which tasks a message was sent in vain: a broker that hangs may read it later.

    In the executor's own counter, for which they have not been sent again. The messages that failed with another one
    share its result.
    """
    failures = {id(result): key for key, _, result in reversed(results) if connection_error(result)}
    for key in failures.values():
        executor.workload_publish_retries.setdefault(key, 0)


def fail_with_batch(send: Callable[[Any], Result]) -> Callable[[Any], Result]:
    """Wrap `send_workload_to_executor`."""

    @wraps(send)
    def send_unless_failed(workload_tuple: Any) -> Result:
        failed = _batch["failed"]
        if failed:
            return (workload_tuple[0], None, failed[0])
        key, arguments, result = send(workload_tuple)
        if failed is not None and attempt(ID, None, connection_error, result):
            failed.append(result)
        return key, arguments, result

    return send_unless_failed


EXECUTORS = "airflow.providers.celery.executors"
FIX = Fix(
    id=ID,
    title="A task that is sent during an outage of Celery's broker waits until the broker is back",
    symptom="Tasks fail at once with `Error sending Celery workload` when Redis or RabbitMQ restarts.",
    issue="",
    ends="CeleryExecutor keeps a task queued when the connection to the broker fails.",
    patches=(
        Patch(
            f"{EXECUTORS}.celery_executor",
            "CeleryExecutor._send_workloads_to_celery",
            ("37c1f2f042b06650",),
            keep_queued,
        ),
        Patch(
            f"{EXECUTORS}.celery_executor_utils",
            "send_workload_to_executor",
            ("0205b51e0b66f005",),
            fail_with_batch,
        ),
    ),
)
