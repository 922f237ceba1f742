"""A supervisor that gets SIGTERM while it prints a line still passes the signal on to its task.

Airflow 3's supervisor passes SIGTERM and SIGINT on in a signal handler, which logs a line first. In a pod, and with
LocalExecutor, it prints the task's lines with the same logger, whose lock is not reentrant: if the signal comes while a
line is printed, the handler waits forever for a lock that its own thread holds. The task never gets the signal, and
supervisor and task are killed in the end. Here the handler passes the signal on, and writes its line without a lock.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "stuck-supervisor"
SIGNALS = (signal.SIGTERM, signal.SIGINT)
STDERR = 2


def pass_signals_on(monitor: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `ActivitySubprocess._monitor_subprocess`, which runs between setting and restoring of Airflow's handlers."""

    @wraps(monitor)
    def monitor_and_pass_on(process: Any) -> None:
        attempt(ID, None, _set_handlers, process.pid)
        monitor(process)

    return monitor_and_pass_on


def _set_handlers(pid: int) -> None:
    for number in SIGNALS:
        signal.signal(number, partial(_pass_on, pid))


def _pass_on(pid: int, number: int, frame: Any) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    with suppress(OSError):  # no stream, whose lock this thread may hold
        os.write(STDERR, f"astro-runtime: forwarding {signal.Signals(number).name} to the task\n".encode())


FIX = Fix(
    id=ID,
    title="A supervisor that gets SIGTERM while it prints a line still passes the signal on to its task",
    symptom="A pod that was deleted while its task printed hung until it was killed: no on_kill, no end of the log.",
    issue="",
    ends="The supervisor's signal handler does not log.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "ActivitySubprocess._monitor_subprocess",
            ("02685b2380deaafd",),
            pass_signals_on,
            ("3.3",),
        ),
    ),
)
