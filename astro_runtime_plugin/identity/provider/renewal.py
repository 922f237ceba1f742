"""Work that is repeated in a background thread: at intervals, and soon after a request for it."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
import weakref
from collections.abc import Callable

from astro_runtime_plugin.background import StoppableWait, start_thread

log = logging.getLogger("astro_runtime")
INTERVAL = 300.0  # seconds between two renewals
SHORTEST = 10.0  # seconds between two renewals, however many are requested, and after a failed one
MAX_WAITING = 10  # threads; anybody can send tokens with unknown keys, and a web server has 40 threads


class Renewal:
    """Calls `work` in a thread of each process that needs it; the thread starts with the first request.

    What `work` raises is kept in `error` until it succeeds.
    """

    def __init__(self, name: str, work: Callable[[], None], interval: float = INTERVAL) -> None:
        self._name, self._work, self._interval = name, work, interval
        self.error: Exception | None = None
        self.reset()
        _renewals.add(self)

    def reset(self) -> None:
        """Forget the thread and its locks, which did not survive a fork."""
        self._condition = threading.Condition()
        self._turn = threading.Lock()
        self._wake: int | None = None  # the writing end of the thread's pipe
        self._requested = False
        self._ended_at = -math.inf  # of the last run, monotonic
        self._runs = 0
        self._waiting = 0

    def start(self) -> None:
        """Start the thread, which begins with a run; nothing happens if it runs."""
        with self._condition:
            if self._wake is None:
                reader, self._wake = os.pipe()
                self._requested = True
                start_thread(self._name, lambda wait: self._repeat(wait, reader))

    def request(self) -> None:
        """Ask for a run soon; it comes at most SHORTEST seconds after the last one."""
        self.start()
        with self._condition:
            if not self._requested and self._wake is not None:
                self._requested = True
                os.write(self._wake, b"\0")

    def request_and_wait(self, seconds: float) -> bool:
        """Ask for a run, wait for its end, and return whether it came and succeeded.

        Returns False at once if the last run ended less than SHORTEST seconds ago: it would have no other result; and
        if MAX_WAITING threads wait already.
        """
        with self._condition:
            runs, is_recent = self._runs, time.monotonic() - self._ended_at < SHORTEST
        if is_recent:
            return False
        self.request()
        with self._condition:
            if self._waiting >= MAX_WAITING:
                return False
            self._waiting += 1
            try:
                came = self._condition.wait_for(lambda: self._runs > runs, seconds)
            finally:
                self._waiting -= 1
        return came and self.error is None

    def run(self) -> None:
        """Do the work now, in this thread. Raises what it raises."""
        with self._turn:
            try:
                self._work()
                self.error = None
            except Exception as error:
                self.error = error
                raise
            finally:
                self._note_end()

    def _note_end(self) -> None:
        with self._condition:
            self._ended_at = time.monotonic()
            self._runs += 1
            self._condition.notify_all()

    def _repeat(self, wait: StoppableWait, reader: int) -> None:
        while True:
            requested = self._requested
            wait(self._pause(requested), *(() if requested else (reader,)))
            if self._requested and time.monotonic() - self._ended_at < SHORTEST:
                continue
            self._drain(reader)
            self._run_logged()

    def _run_logged(self) -> None:
        before = self.error
        try:
            self.run()
        except Exception as error:  # the thread must go on, whatever it is
            if str(before) != str(error):
                log.warning("%s: %s; what was read last stays in force", self._name, error)
        else:
            if before is not None:
                log.info("%s: the provider is back", self._name)

    def _pause(self, requested: bool) -> float:
        soon = requested or self.error is not None
        return max(0.0, self._ended_at + (SHORTEST if soon else self._interval) - time.monotonic())

    def _drain(self, reader: int) -> None:
        os.set_blocking(reader, False)
        with self._condition:
            self._requested = False
            try:
                os.read(reader, 4096)
            except BlockingIOError:
                pass


_renewals: weakref.WeakSet[Renewal] = weakref.WeakSet()


def _reset_all() -> None:
    for renewal in list(_renewals):
        renewal.reset()


os.register_at_fork(after_in_child=_reset_all)
