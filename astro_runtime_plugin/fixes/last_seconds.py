"""A supervisor that gets SIGTERM just after its task has ended still reports the state and uploads the log.

While its task runs, Airflow 3's supervisor passes SIGTERM and SIGINT on to it. Once the task has ended, the supervisor
restores the previous signal handlers, and only then reports the state and uploads the log: a signal in these seconds
ends it. With this fix such a signal waits until both are done, and ends the supervisor then. Whoever stops it sets the
limit, as Kubernetes does with SIGKILL.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "last-seconds"
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class PostponedSignals:
    """Signals of this process that wait until `end`."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.previous = {number: signal.getsignal(number) for number in SIGNALS}
        for number in SIGNALS:
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: Any) -> None:
        if number not in self.received:
            self.received.append(number)

    def end(self) -> None:
        """Restore the handlers, and send this process the signals that it has received."""
        for postponed, handler in self.previous.items():
            signal.signal(postponed, handler)
        for number in self.received:
            os.kill(os.getpid(), number)


def postpone_signals(wait: Callable[[Any], int]) -> Callable[[Any], int]:
    """Wrap `ActivitySubprocess.wait`: the previous handlers that it restores are those of PostponedSignals."""

    @wraps(wait)
    def wait_undisturbed(process: Any) -> int:
        postponement = attempt(ID, None, PostponedSignals)
        try:
            return wait(process)
        finally:
            if postponement:
                attempt(ID, None, postponement.end)

    return wait_undisturbed


FIX = Fix(
    id=ID,
    title="SIGTERM in the last seconds of a task does not lose its state or its log",
    symptom="A worker was stopped just after a task had ended: its log was never uploaded, or its state not reported.",
    issue="",
    ends="The supervisor restores its signal handlers after it has uploaded the log.",
    patches=(
        Patch(
            "airflow.sdk.execution_time.supervisor",
            "ActivitySubprocess.wait",
            ("45b8879d9105584e",),
            postpone_signals,
            ("3.3",),
        ),
    ),
)
