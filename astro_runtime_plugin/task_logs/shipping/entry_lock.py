"""The lock of a spool's entries, which nobody holds for longer than it takes to read and write one."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_SECONDS, LOCK_PAUSE = 2.0, 0.005  # a process that holds the lock may be stopped
_holders: set[tuple[int, int, Path]] = set()  # process, thread and file of the locks that are held


class LockHeldError(OSError):
    """The thread that asks for the lock holds it: a signal has interrupted it, whose handler logs."""


@contextmanager
def entry_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file.

    Raises LockHeldError rather than wait for this very thread, and TimeoutError after LOCK_SECONDS.
    """
    holder = os.getpid(), threading.get_ident(), path
    if holder in _holders:
        raise LockHeldError
    try:
        _holders.add(holder)
        with open(path, "ab") as file:
            _lock(file.fileno(), LOCK_SECONDS)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)  # a process forked meanwhile would keep it
    finally:
        _holders.discard(holder)


def _lock(descriptor: int, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up_at:
                raise TimeoutError from None
            time.sleep(LOCK_PAUSE)
