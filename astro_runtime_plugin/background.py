"""The background threads of a component; they stop before the process exits.

If Python exits while a daemon thread is in the middle of a statement or a log line, the process can crash, and its
exit code changes.
"""

from __future__ import annotations

import atexit
import os
import selectors
import sys
import threading
import time
from collections.abc import Callable

JOIN_SECONDS = 3.0  # how long an exiting process waits for its threads to finish what they are doing
_threads: list[tuple[int, StoppableWait, threading.Thread]] = []
_thread_local = threading.local()


class StoppableWait:
    """Makes a thread wait: `wait(seconds)`. When the process exits meanwhile, the call ends the thread.

    Uses a pipe, because a lock that is held during a fork stays locked in the child forever.
    """

    def __init__(self) -> None:
        self._stop_reader, self._stop_writer = os.pipe()

    def __call__(self, seconds: float, *descriptors: int) -> bool:
        """Wait until `seconds` have passed or one of the file descriptors is readable; return whether one is.

        Raises SystemExit, which ends only the thread, when the process exits.
        """
        # In a worker with an eventlet or gevent pool, this is the selector that the library has patched in.
        with selectors.DefaultSelector() as selector:
            for descriptor in (self._stop_reader, *descriptors):
                selector.register(descriptor, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select(seconds)}
        if self._stop_reader in ready:
            sys.exit()
        return bool(ready)

    def stop(self) -> None:
        """End the thread at its next call, or during the current one."""
        os.write(self._stop_writer, b"\0")


def start_thread(name: str, work: Callable[[StoppableWait], None]) -> None:
    """Start a thread that calls `work`, which must wait only by the StoppableWait that it receives."""
    wait = StoppableWait()

    def run() -> None:
        _thread_local.is_background = True
        work(wait)

    thread = threading.Thread(target=run, name=f"astro-runtime {name}", daemon=True)
    thread.start()
    _threads.append((os.getpid(), wait, thread))


def is_background_thread() -> bool:
    """Return whether the current thread was started by `start_thread`."""
    return getattr(_thread_local, "is_background", False)


@atexit.register
def _stop_threads() -> None:
    # A forked process also has its parent's list.
    running = [(wait, thread) for pid, wait, thread in _threads if pid == os.getpid()]
    for wait, _ in running:
        wait.stop()
    deadline = time.monotonic() + JOIN_SECONDS
    for _, thread in running:
        thread.join(max(deadline - time.monotonic(), 0))
