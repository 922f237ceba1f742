"""The threads that run beside a component's job; they end before the process does, and no fork finds them at work.

A thread that Python finds in the middle of a statement or of a log line when the process ends can crash it, and the
exit code is then another one. And a child that is forked in the middle of a statement has the connection, too: where
it clears it up, it speaks to the server in its parent's place.
"""

from __future__ import annotations

import atexit
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST_SECONDS = 3.0  # that the process waits at its end for what its threads are in the middle of
FORK_SECONDS = 1.0  # the same, for a fork
_begun: list[tuple[int, Rest, threading.Thread]] = []
_working = threading.Lock()
_forking = threading.local()


class Rest:
    """How a thread waits: `rest(seconds)` returns after them, and ends the thread where the process ends meanwhile.

    A pipe, because a lock could be taken for ever in a process that is forked meanwhile.
    """

    def __init__(self) -> None:
        self._ended, self._end = os.pipe()

    def __call__(self, seconds: float) -> None:
        """Wait. Raises SystemExit, which ends a thread alone, when the process ends."""
        if select.select([self], [], [], seconds)[0]:
            sys.exit()

    def fileno(self) -> int:
        """Return what `select` can wait for: it is readable when the process ends."""
        return self._ended

    def end(self) -> None:
        """Let the thread end."""
        os.write(self._end, b"\0")


def start(name: str, work: Callable[[Rest], None]) -> None:
    """Start a thread that does `work`, which waits by what it is given alone."""
    rest = Rest()
    thread = threading.Thread(target=work, args=(rest,), name=f"astro-runtime {name}", daemon=True)
    _begun.append((os.getpid(), rest, thread))
    thread.start()


def in_one_piece(work: Callable[[], T]) -> T:
    """Do in one of these threads what no fork may find half done; other threads, as a web server's, just do it."""
    if threading.current_thread() not in [thread for _, _, thread in _begun]:
        return work()
    with _working:
        return work()


def _before_fork() -> None:
    _forking.waited = _working.acquire(timeout=FORK_SECONDS)


def _after_fork() -> None:
    if _forking.waited:
        _working.release()


def _after_fork_in_child() -> None:
    global _working
    _working = threading.Lock()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)


@atexit.register
def _end_all() -> None:
    own = [(rest, thread) for pid, rest, thread in _begun if pid == os.getpid()]  # and none of a parent's
    for rest, _ in own:
        rest.end()
    until = time.monotonic() + LONGEST_SECONDS
    for _, thread in own:
        thread.join(max(until - time.monotonic(), 0))
