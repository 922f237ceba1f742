"""Interrupts a function of a task on SIGTERM, in the main thread of the task's process."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Handler = Callable[[int, Any], Any]
MESSAGE = "Task received SIGTERM signal"
log = logging.getLogger("astro_runtime")


class Interruption:
    """What SIGTERM does while `run` runs a function.

    `stop` is Airflow's handler, which calls `on_kill`. Where `is_stopped_by_server` is true, it stays the only one.
    """

    def __init__(self, stop: Handler, is_stopped_by_server: Callable[[], bool]) -> None:
        self.stop = stop
        self.is_stopped_by_server = is_stopped_by_server
        self.pid = os.getpid()
        self.received = False
        self.waits = False
        self.sends = 0

    def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return the function's result. Raises AirflowException if SIGTERM came and the function raised no error."""
        from airflow.sdk.exceptions import AirflowException, AirflowTaskTerminated

        try:
            try:
                signal.signal(signal.SIGTERM, self.handle)
                result = function(*args, **options)
            finally:
                self._end()
        except AirflowTaskTerminated as error:
            if not self.received:
                raise
            # Airflow 3 does not count the retries of an AirflowTaskTerminated.
            raise AirflowException(MESSAGE) from error
        if self.received:
            raise AirflowException(MESSAGE)
        return result

    def handle(self, signum: int, frame: Any) -> None:
        """Stop the operator and raise AirflowTaskTerminated, once; during a request to the supervisor, at its end."""
        if self.received or os.getpid() != self.pid:
            return
        if self.sends:
            self.waits = True
        elif self.is_stopped_by_server():
            self.stop(signum, frame)
        else:
            self._interrupt(signum, frame)

    def _interrupt(self, signum: int, frame: Any) -> None:
        from airflow.sdk.exceptions import AirflowTaskTerminated

        self.received = True
        try:
            self.stop(signum, frame)
        except Exception:
            log.exception("on_kill of the task failed")
        raise AirflowTaskTerminated(MESSAGE)

    def _end(self) -> None:
        """Give the signal back to Airflow; if it has come, another one must not disturb the report of the failure."""
        if not self.received:
            signal.signal(signal.SIGTERM, self.stop)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Let the block's request to the supervisor end uninterrupted: the next request would get its answer.

        Async requests may overlap; the signal waits for the end of the last one.
        """
        self.sends += 1
        try:
            yield
        finally:
            self.sends -= 1
            if self.waits and not self.sends:
                self.waits = False
                self.handle(signal.SIGTERM, None)
