"""A task outlives an outage of the API server for as long as the scheduler would wait for its heartbeat.

Airflow's supervisor kills its task after three failed heartbeats, each of which it repeats and waits for, while the
scheduler waits `task_instance_heartbeat_timeout` since the last one that was answered. Here a heartbeat is tried once,
the task lives until the scheduler gives it up, what it asks for meanwhile is answered after the outage, and its start
and its final state are sent until then. The answers 404, 409 and 410 end a task at once, as they do in Airflow.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch, Wrap
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.pending_requests import (
    PendingRequest,
    forget,
    is_running,
    keep,
    send_pending,
    send_state,
)
from astro_runtime_plugin.fixes.support.request_policy import (
    LONGEST_PAUSE,
    Policy,
    once,
    request_policy,
    until,
    use_policy,
)

CLIENT, SUPERVISOR = "airflow.sdk.api.client", "airflow.sdk.execution_time.supervisor"
ID = "api-server-outage"
LINES = ("3.3",)
HICCUP = 1.0  # seconds: a task's request is repeated at once, so that only an outage costs it a heartbeat's interval
# When the supervisor began with the task of a client, in seconds of the monotonic clock.
_begun: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


def patient_logging(configure: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_configure_logging`, which may ask the server for a connection before the task starts."""

    @wraps(configure)
    def configure_patiently(log_path: str, client: Any) -> Any:
        attempt(ID, None, _begun.__setitem__, client, time.monotonic())
        with request_policy(attempt(ID, None, policy_since_begin, client)):
            return configure(log_path, client)

    return configure_patiently


def patient_start(start: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `_on_child_started`, which reports the task's start. It has what `_configure_logging` left of the time."""

    @wraps(start)
    def start_patiently(supervisor: Any, **options: Any) -> Any:
        policy = attempt(ID, None, policy_since_begin, supervisor.client)
        attempt(ID, None, _begun.pop, supervisor.client, None)
        with request_policy(policy):
            return start(supervisor, **options)

    return start_patiently


def policy_since_begin(client: Any) -> Policy | None:
    """Return the policy for what happens before the task runs, by the client of its supervisor."""
    return policy_since(_begun.get(client, time.monotonic()))


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


def bear_failures(handle: Callable[[Any, Exception], None]) -> Callable[[Any, Exception], None]:
    """Wrap `_handle_heartbeat_failures`, which kills the task after `[workers] max_failed_heartbeats` failures."""

    @wraps(handle)
    def handle_when_given_up(supervisor: Any, exc: Exception) -> None:
        if not attempt(ID, False, bear, supervisor, exc):
            handle(supervisor, exc)

    return handle_when_given_up


def bear(supervisor: Any, error: Exception) -> bool:
    """Count a failure, and say so after the first; False: the scheduler has given up the task."""
    from airflow.sdk.execution_time.supervisor import HEARTBEAT_TIMEOUT, MAX_FAILED_HEARTBEATS

    left = supervisor._last_successful_heartbeat + HEARTBEAT_TIMEOUT - time.monotonic()
    if left <= 0:
        supervisor.failed_heartbeats = max(supervisor.failed_heartbeats, MAX_FAILED_HEARTBEATS - 1)
        return False
    supervisor.failed_heartbeats += 1
    if supervisor.failed_heartbeats == 1:
        supervisor.process_log.warning(
            "The API server did not take a heartbeat; the task runs on",
            error=type(error).__name__,
            seconds_left=round(left),
        )
    return True


# The supervisor's functions, the digests of their source, and what wraps them. `keep_request` needs `send_heartbeat`.
PATCHES: tuple[tuple[str, str, Wrap], ...] = (
    ("_configure_logging", "0eacd522b8ca2ee9", patient_logging),
    ("ActivitySubprocess._on_child_started", "c1810e9d6d095987", patient_start),
    ("ActivitySubprocess._send_heartbeat_if_needed", "31f8f8772b8c6096", send_heartbeat),
    ("ActivitySubprocess._handle_heartbeat_failures", "78a72b8b5af7fd87", bear_failures),
    ("ActivitySubprocess._handle_request", "30064da15beecec2", keep_request),
    ("ActivitySubprocess.update_task_state_if_needed", "9f0c88714b9fff61", deliver_state),
)
FIX = Fix(
    id=ID,
    title="A running task outlives an outage of the API server that is shorter than the scheduler's heartbeat timeout",
    symptom="A minute without an API server fails every running task, and those that start or end meanwhile.",
    issue="https://github.com/apache/airflow/pull/73244",
    ends="Airflow's supervisor kills a task no earlier than `task_instance_heartbeat_timeout` after its last heartbeat,"
    " and repeats its start and its final state until then.",
    patches=(
        Patch(CLIENT, "Client.request", ("47a84818c29aec97",), use_policy, LINES),
        *(Patch(SUPERVISOR, function, (digest,), wrap, LINES) for function, digest, wrap in PATCHES),
    ),
)
