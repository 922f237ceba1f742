"""A supervisor notices at once that its task's process has ended.

Airflow 3's supervisor waits for what its task sends. A task closes its channels a moment before its process ends, and
then nothing can wake the supervisor: it notices the end at its next heartbeat, five seconds later by default, and
occupies the slot until then. With this fix a supervisor whose task has closed everything waits for the end itself.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "late-ends"


def wait_for_end(service: Callable[..., int | None]) -> Callable[..., int | None]:
    """Wrap `WatchedSubprocess._service_subprocess`, which waits for a child's messages, then looks for its end."""

    @wraps(service)
    def wait_and_service(process: Any, max_wait_time: float, *args: Any, **options: Any) -> int | None:
        if attempt(ID, False, is_mute, process) and attempt(ID, False, wait, process.pid, max_wait_time):
            max_wait_time = 0
        return service(process, max_wait_time, *args, **options)

    return wait_and_service


def is_mute(process: Any) -> bool:
    """Whether a task has closed all channels, and its process is not known to have ended."""
    from airflow.sdk.execution_time.supervisor import ActivitySubprocess

    # Other children share a selector, in which there may be more to wait for.
    return (
        isinstance(process, ActivitySubprocess) and not process._open_sockets and process._exit_code is None
    )


def wait(pid: int, seconds: float) -> bool:
    """Wait until a child ends, and return True, or until the seconds are over. Raises OSError."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:  # something else has taken its exit status: it has ended
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)
    finally:
        os.close(descriptor)
    return True


FIX = Fix(
    id=ID,
    title="A supervisor notices at once that its task's process has ended",
    symptom="A task that does nothing occupies its slot for five seconds.",
    issue="",
    ends="The supervisor waits for the end of its child, not only for messages.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "WatchedSubprocess._service_subprocess",
            ("42a762c7c8aa4ea5",),
            wait_for_end,
            ("3.3",),
        ),
    ),
)
