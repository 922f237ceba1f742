"""A few background threads that talk to the provider, so that no request has to wait for longer than it wants."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable

from astro_runtime_plugin.background import StoppableWait, start_thread

log = logging.getLogger("astro_runtime")
MAX_THREADS = 8
Work = Callable[[StoppableWait], None]


class WorkPool:
    """Runs pieces of work; the same key is in the queue only once. The threads start with the first work."""

    def __init__(self, name: str, max_threads: int = MAX_THREADS) -> None:
        self._name = name
        self._max_threads = max_threads
        self._threads = 0
        self._idle = 0
        self._lock = threading.Lock()
        self._queue: OrderedDict[str, tuple[Work, threading.Event]] = OrderedDict()
        self._running: dict[str, threading.Event] = {}
        self._reader, self._writer = os.pipe()  # a byte for each piece of work
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def submit(self, key: str, work: Work, is_urgent: bool = False) -> threading.Event:
        """Run `work` soon, an urgent one before the others; return what is set when it is done, or has failed.

        Work of a key that waits already, or runs, is not added.
        """
        with self._lock:
            if key in self._running:
                return self._running[key]
            _, done = self._queue.setdefault(key, (work, threading.Event()))
            if is_urgent:
                self._queue.move_to_end(key, last=False)
            is_thread_missing = len(self._queue) > self._idle and self._threads < self._max_threads
            self._threads += is_thread_missing
        self._signal()
        if is_thread_missing:
            start_thread(self._name, self._run)
        return done

    def _signal(self) -> None:
        try:
            os.write(self._writer, b"\0")
        except BlockingIOError:  # the pipe is full of signals: each thread will find work
            pass

    def _run(self, wait: StoppableWait) -> None:
        while True:
            with self._lock:
                self._idle += 1
            wait(3600.0, self._reader)
            with self._lock:
                self._idle -= 1
            self._take_signal()
            while self._run_first(wait):
                wait(0)

    def _take_signal(self) -> None:
        try:
            os.read(self._reader, 1)
        except BlockingIOError:  # another thread was faster
            pass

    def _run_first(self, wait: StoppableWait) -> bool:
        with self._lock:
            if not self._queue:
                return False
            key, (work, done) = self._queue.popitem(last=False)
            self._running[key] = done
        try:
            work(wait)
        except Exception:  # the thread must live on
            log.warning("%s: unexpected error", self._name, exc_info=True)
        finally:
            with self._lock:
                del self._running[key]
            done.set()
        return True
