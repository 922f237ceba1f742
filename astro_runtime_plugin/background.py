"""The threads that run beside a component's job; they end before the process does.

A thread that Python finds in the middle of a statement or of a log line when the process ends can crash it, and the
exit code is then another one.
"""

from __future__ import annotations

import atexit
import os
import selectors
import sys
import threading
import time
from collections.abc import Callable

JOIN_SECONDS = 3.0  # that the process waits at its end for what its threads are in the middle of
_threads: list[tuple[int, StoppableWait, threading.Thread]] = []
_thread_local = threading.local()


class StoppableWait:
    """How a thread waits: `rest(seconds)` returns after them, and ends the thread where the process ends meanwhile.

    A pipe, because a lock could be taken for ever in a process that is forked meanwhile.
    """

    def __init__(self) -> None:
        self._ended, self._end = os.pipe()

    def __call__(self, seconds: float, *until: int) -> bool:
        """Wait, or until one of the files `until` can be read; return whether one can.

        Raises SystemExit, which ends a thread alone, when the process ends.
        """
        # In a worker with such a pool this is what eventlet or gevent has put in its place.
        with selectors.DefaultSelector() as waited:
            for file in (self._ended, *until):
                waited.register(file, selectors.EVENT_READ)
            ready = {key.fd for key, _ in waited.select(seconds)}
        if self._ended in ready:
            sys.exit()
        return bool(ready)

    def end(self) -> None:
        """Let the thread end."""
        os.write(self._end, b"\0")


def start_thread(name: str, work: Callable[[StoppableWait], None]) -> None:
    """Start a thread that does `work`, which waits by what it is given alone."""
    rest = StoppableWait()

    def run() -> None:
        _thread_local.is_one = True
        work(rest)

    thread = threading.Thread(target=run, name=f"astro-runtime {name}", daemon=True)
    thread.start()
    _threads.append((os.getpid(), rest, thread))


def is_background_thread() -> bool:
    """Return whether this is one of these threads."""
    return getattr(_thread_local, "is_one", False)


@atexit.register
def _end_all() -> None:
    own = [(rest, thread) for pid, rest, thread in _threads if pid == os.getpid()]  # and none of a parent's
    for rest, _ in own:
        rest.end()
    until = time.monotonic() + JOIN_SECONDS
    for _, thread in own:
        thread.join(max(until - time.monotonic(), 0))
