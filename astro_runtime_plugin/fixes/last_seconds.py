"""A supervisor that gets SIGTERM when its task has just ended still reports the state and uploads the log.

While its task runs, Airflow 3's supervisor passes SIGTERM and SIGINT on to it. Once the task has ended, it gives the
signals back to their previous handlers, and only then reports the state and uploads the log: a signal of these seconds
ends it. Here such a signal waits for the end of both, and ends the supervisor then. A report that must be repeated,
since the API server is away, gets some more seconds (`support.stop_request`). The second signal of a kind waits for
nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.stop_request import forget_stop, request_stop

ID = "last-seconds"
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Postponement:
    """Signals of this process that wait until `end`."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.previous = {number: signal.getsignal(number) for number in SIGNALS}
        for number in SIGNALS:
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: Any) -> None:
        if number in self.received:
            self._deliver()
            return
        self.received.append(number)
        request_stop()

    def end(self) -> None:
        """Restore the handlers, and send this process the signals that it has received, each once."""
        forget_stop()
        self._deliver()

    def _deliver(self) -> None:
        received, self.received = self.received, []
        for postponed, handler in self.previous.items():
            signal.signal(postponed, handler)
        for number in received:
            os.kill(os.getpid(), number)


def postpone_signals(wait: Callable[[Any], int]) -> Callable[[Any], int]:
    """Wrap `ActivitySubprocess.wait`: what it restores as the previous handlers are those of the postponement."""

    @wraps(wait)
    def wait_undisturbed(process: Any) -> int:
        postponement = attempt(ID, None, Postponement)
        try:
            return wait(process)
        finally:
            if postponement:
                attempt(ID, None, postponement.end)

    return wait_undisturbed


FIX = Fix(
    id=ID,
    title="SIGTERM in the last seconds of a task does not lose its state and its log",
    symptom="A worker was stopped just when a task had ended: its log was never uploaded, or its state not reported.",
    issue="",
    ends="The supervisor restores the handlers of signals after it has uploaded the log.",
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
