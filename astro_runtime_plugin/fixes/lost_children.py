"""A supervisor ends with its child, even if something else in its process took the child's exit status.

If a SIGCHLD handler or a library waits for any child, the supervisor learns that its child has gone, but not how it
ended: psutil returns None, which Airflow takes to mean that the child still runs. With this fix the child's report
decides: a child that has reported its state has ended well, and any other has failed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "lost-children"
MESSAGE = "The process has ended, but something else in its supervisor has taken its exit status."


def notice_end(check: Callable[..., int | None]) -> Callable[..., int | None]:
    """Wrap `WatchedSubprocess._check_subprocess_exit`, which returns None for a child that still runs."""

    @wraps(check)
    def check_thoroughly(process: Any, *args: Any, **options: Any) -> int | None:
        code = check(process, *args, **options)
        # Airflow notes this time, and not when psutil raises TimeoutExpired.
        if code is not None or process._process_exit_monotonic is None:
            return code
        return attempt(ID, None, _end, process)

    return check_thoroughly


def _end(process: Any) -> int:
    process._exit_code = int(not has_reported(process))
    process.process_log.warning(MESSAGE)
    return int(process._exit_code)


def has_reported(process: Any) -> bool:
    """Whether the child runs a task and has reported the state in which it ended."""
    reports = ("_terminal_state", "_pending_terminal_state_msg")
    return any(getattr(process, name, None) is not None for name in reports)


FIX = Fix(
    id=ID,
    title="A supervisor ends with its task, even if something else took the task's exit status",
    symptom="A task that had ended stayed running, or failed after its success; its slot stayed occupied.",
    issue="https://github.com/apache/airflow/issues/70117",
    ends="The supervisor ends if psutil's `wait` returns None for its child.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "WatchedSubprocess._check_subprocess_exit",
            ("dc039d1f36e9b6cd",),
            notice_end,
            ("3.3",),
        ),
    ),
)
