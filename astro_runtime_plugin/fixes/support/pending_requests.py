"""A task's requests that failed because the API server was away; they are sent again after the next heartbeat."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.support.request_errors import may_pass

MAX_PENDING = 100  # Airflow's own task runner waits for each answer; others may ask for more at once


class PendingRequest:
    """A task's request without an answer. `send` sends it again; a success answers the task."""

    def __init__(self, number: int, send: Callable[[], None]) -> None:
        self.id = number
        self.send = send
        self.failures = 0
        self.failed_at = time.monotonic()
        self.context = copy_context()  # with the trace of the task's request


# The requests of each supervisor, by its client: attrs gives the supervisor itself no hash.
_pending: WeakKeyDictionary[Any, list[PendingRequest]] = WeakKeyDictionary()


def keep(supervisor: Any, request: PendingRequest, error: Exception) -> bool:
    """Keep a request that failed in an outage. Return False if it is not kept, so that the task gets the error."""
    requests = _pending.setdefault(supervisor.client, [])
    if not may_pass(error) or len(requests) >= MAX_PENDING:
        return False
    requests.append(request)
    return True


def send_pending(supervisor: Any, max_failures: int) -> None:
    """Send each request again that failed before the last answered heartbeat.

    A request that fails `max_failures` times although heartbeats are answered is itself at fault: the task gets the
    error.
    """
    requests = _pending.get(supervisor.client, [])
    for request in tuple(requests):
        if request.failed_at < supervisor._last_successful_heartbeat:
            request.failures += 1
            _send(supervisor, requests, request, request.failures < max_failures)


def send_state(supervisor: Any) -> None:
    """Send the task's pending requests again if one of them reports its final state.

    The server may have taken that state although its answer got lost. It refuses heartbeats from then on, and Airflow
    would kill the task.
    """
    requests = _pending.get(supervisor.client, [])
    if supervisor._pending_terminal_state_msg is not None:
        for request in tuple(requests):
            _send(supervisor, requests, request, True)


def forget(supervisor: Any) -> None:
    """Drop the requests of a task that has ended."""
    _pending.pop(supervisor.client, None)


def is_running(supervisor: Any) -> bool:
    """Whether the task still waits for answers: it has not ended, and its final state is not known."""
    return supervisor._exit_code is None and not supervisor._terminal_state


def _send(supervisor: Any, requests: list[PendingRequest], request: PendingRequest, may_fail: bool) -> None:
    if not is_running(supervisor):
        return
    try:
        request.context.run(request.send)
    except Exception as error:
        request.failed_at = time.monotonic()
        if may_fail and may_pass(error):
            return
        with suppress(OSError):  # the task has ended
            _answer_with(supervisor, request.id, error)
    requests.remove(request)


def _answer_with(supervisor: Any, request_id: int, error: Exception) -> None:
    from airflow.sdk.exceptions import ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    status = getattr(getattr(error, "response", None), "status_code", None)
    detail = {"status_code": status, "message": str(error), "exception_type": type(error).__name__}
    supervisor.send_msg(
        None, request_id, error=ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail)
    )
