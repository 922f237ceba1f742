"""A task sends its first heartbeat one interval after its start.

The request with which a task starts counts as a heartbeat for the API server. Airflow 3's supervisor sends another with
the first message of its task, a moment later: one request more for each task, of five for one that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "needless-heartbeats"


def count_start(start: Callable[..., None]) -> Callable[..., None]:
    """Wrap `ActivitySubprocess._on_child_started`, which notes the answer to the start as a successful heartbeat."""

    @wraps(start)
    def start_and_count(process: Any, *args: Any, **options: Any) -> None:
        start(process, *args, **options)
        attempt(ID, None, note_attempt, process)

    return start_and_count


def note_attempt(process: Any) -> None:
    """Take the start for the last attempt at a heartbeat, unless there was one."""
    process._last_heartbeat_attempt = max(process._last_heartbeat_attempt, process._last_successful_heartbeat)


FIX = Fix(
    id=ID,
    title="A task sends its first heartbeat one interval after its start",
    symptom="The API server gets a heartbeat from each task right after its start.",
    issue="",
    ends="The supervisor takes the start for a heartbeat that it has sent.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "ActivitySubprocess._on_child_started",
            ("c1810e9d6d095987",),
            count_start,
            ("3.3",),
        ),
    ),
)
