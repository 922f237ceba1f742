"""Sends this process a signal once more, when it can handle it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Timer, current_thread, main_thread

SIGNALS = (signal.SIGTERM, signal.SIGINT)
PAUSE = 0.1  # seconds; a fork, or a callback of a weak reference, takes less


def repeat(number: int) -> None:
    """Send this process the signal in a moment. Raises RuntimeError if Python is about to exit."""
    timer = Timer(PAUSE, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()


def fork_first(fork: Callable[[], int]) -> Callable[[], int]:
    """Wrap `os.fork`, so that no handler of `SIGNALS` runs before it returns; the signal comes again then.

    Python runs handlers in the main thread. In a fork that is in the callbacks around it.
    """

    @wraps(fork)
    def fork_and_repeat() -> int:
        if current_thread() is not main_thread():
            return fork()
        early: list[int] = []
        with record_signals(early):
            pid = fork()
        if pid:
            for number in early:
                repeat(number)
        return pid

    return fork_and_repeat


@contextmanager
def record_signals(numbers: list[int]) -> Iterator[None]:
    """Add the signals that come to the list instead of handling them."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    functions = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in functions:
        signal.signal(number, lambda signum, _frame: numbers.append(signum))
    try:
        yield
    finally:
        for number, function in functions.items():
            signal.signal(number, function)
