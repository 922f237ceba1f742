"""What a supervisor sends while the API server is away: the task's start, its requests and its state arrive later."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.heartbeat_outage import ID, has_child
from astro_runtime_plugin.fixes.support.pending_requests import PendingRequest, forget, is_running, keep
from astro_runtime_plugin.fixes.support.request_policy import LONGEST_PAUSE, Policy, request_policy, until

HICCUP = 1.0  # seconds: a task's request is repeated at once, so that only an outage costs it a heartbeat's interval
# When the supervisor began with the task of a client, in seconds of the monotonic clock.
_starts: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


def patient_logging(configure: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_configure_logging`, which may ask the server for a connection before the task starts."""

    @wraps(configure)
    def configure_patiently(log_path: str, client: Any) -> Any:
        attempt(ID, None, _starts.__setitem__, client, time.monotonic())
        with request_policy(attempt(ID, None, policy_since_begin, client)):
            return configure(log_path, client)

    return configure_patiently


def patient_start(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_on_child_started`, which reports the task's start. It has what `_configure_logging` left of the time."""

    @wraps(start)
    def start_patiently(supervisor: Any, **options: Any) -> Any:
        policy = attempt(ID, None, policy_since_begin, supervisor.client)
        attempt(ID, None, _starts.pop, supervisor.client, None)
        with request_policy(policy):
            return start(supervisor, **options)

    return start_patiently


def policy_since_begin(client: Any) -> Policy | None:
    """Return the policy for what happens before the task runs, by the client of its supervisor."""
    return policy_since(_starts.get(client, time.monotonic()))


def deliver_state(update: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `update_task_state_if_needed`, which sends the final state of a task that has ended."""

    @wraps(update)
    def deliver(supervisor: Any) -> None:
        attempt(ID, None, forget, supervisor)
        last_heartbeat = supervisor._last_successful_heartbeat
        with request_policy(attempt(ID, None, policy_since, last_heartbeat)):
            update(supervisor)

    return deliver


def policy_since(last_heartbeat: float) -> Policy | None:
    """Repeat requests until the scheduler gives up a task. `last_heartbeat` is in seconds of the monotonic clock."""
    from airflow.sdk.execution_time.supervisor import HEARTBEAT_TIMEOUT

    return _until(last_heartbeat + HEARTBEAT_TIMEOUT)


def _until(deadline: float) -> Policy | None:
    from airflow.sdk.api.client import API_RETRIES, API_RETRY_WAIT_MAX, API_RETRY_WAIT_MIN

    pause = min(API_RETRY_WAIT_MIN, LONGEST_PAUSE), min(API_RETRY_WAIT_MAX, LONGEST_PAUSE)
    return until(deadline, pause, API_RETRIES)


def keep_request(handle: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_handle_request`, which sends what a running task asks for."""

    def send(supervisor: Any, *args: Any) -> None:
        with request_policy(attempt(ID, None, _until, time.monotonic() + HICCUP)):
            handle(supervisor, *args)

    @wraps(handle)
    def handle_or_keep(supervisor: Any, msg: Any, log: Any, req_id: int) -> None:
        again = partial(send, supervisor, msg, log, req_id)
        if not has_child(supervisor) or not is_running(supervisor):
            handle(supervisor, msg, log, req_id)  # no heartbeat tells when the outage ends
            return
        try:
            again()
        except Exception as error:
            if not attempt(ID, False, keep, supervisor, PendingRequest(req_id, again), error):
                raise

    return handle_or_keep
