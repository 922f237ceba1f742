"""A supervisor's heartbeats while the API server is away: each is tried once, and the task lives on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.pending_requests import is_running, send_pending, send_state
from astro_runtime_plugin.fixes.support.request_policy import once, request_policy

ID = "api-server-outage"


def has_child(supervisor: Any) -> bool:
    """Whether the task runs in a process of its own; `airflow tasks test` has it in the supervisor's."""
    return bool(supervisor.pid != os.getpid())


def send_heartbeat(send: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `_send_heartbeat_if_needed`, which the supervisor's loop calls before it reads from the task again."""

    @wraps(send)
    def send_once(supervisor: Any) -> None:
        if not has_child(supervisor):
            send(supervisor)
            return
        failures = supervisor.failed_heartbeats
        attempt(ID, None, before_heartbeat, supervisor)
        with request_policy(once):
            send(supervisor)
        attempt(ID, None, after_heartbeat, supervisor, failures)

    return send_once


def before_heartbeat(supervisor: Any) -> None:
    """Send the task's state first, if a heartbeat is due."""
    from airflow.sdk.execution_time.supervisor import MIN_HEARTBEAT_INTERVAL

    if time.monotonic() >= supervisor._last_heartbeat_attempt + MIN_HEARTBEAT_INTERVAL:
        send_state(supervisor)


def after_heartbeat(supervisor: Any, failures: int) -> None:
    """Give the loop an interval after a failure, however long that took; catch up after an answer."""
    from airflow.sdk.api.client import API_RETRIES

    if supervisor.failed_heartbeats > failures:
        supervisor._last_heartbeat_attempt = time.monotonic()
    elif failures and is_running(supervisor):
        supervisor.process_log.info("The API server answers again", failed_heartbeats=failures)
    send_pending(supervisor, API_RETRIES)


def tolerate_failures(handle: Callable[[Any, Exception], None]) -> Callable[[Any, Exception], None]:
    """Wrap `_handle_heartbeat_failures`, which kills the task after `[workers] max_failed_heartbeats` failures."""

    @wraps(handle)
    def handle_when_given_up(supervisor: Any, exc: Exception) -> None:
        if not attempt(ID, False, tolerate, supervisor, exc):
            handle(supervisor, exc)

    return handle_when_given_up


def tolerate(supervisor: Any, error: Exception) -> bool:
    """Count a failure, and say so after the first; False: the scheduler has given up the task."""
    from airflow.sdk.execution_time.supervisor import HEARTBEAT_TIMEOUT, MAX_FAILED_HEARTBEATS

    left = supervisor._last_successful_heartbeat + HEARTBEAT_TIMEOUT - time.monotonic()
    if left <= 0:
        supervisor.failed_heartbeats = max(supervisor.failed_heartbeats, MAX_FAILED_HEARTBEATS - 1)
        return False
    supervisor.failed_heartbeats += 1
    if supervisor.failed_heartbeats == 1:
        supervisor.process_log.warning(
            "The API server did not accept a heartbeat; the task goes on",
            error=type(error).__name__,
            seconds_left=round(left),
        )
    return True
