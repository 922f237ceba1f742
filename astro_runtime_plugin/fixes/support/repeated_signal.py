"""Sends this process a signal once more, when it can handle it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Timer, current_thread, main_thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
SIGNALS = (signal.SIGTERM, signal.SIGINT)
PAUSE = 0.1  # seconds; a fork, or a callback of a weak reference, takes less


def repeat(number: int) -> None:
    """Send this process the signal in a moment. Raises RuntimeError if Python is about to exit."""
    timer = Timer(PAUSE, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()


def handle_signals_after(call: Callable[P, T]) -> Callable[P, T]:
    """Wrap a function that forks, so that no handler of `SIGNALS` runs before it returns; the signal comes again then.

    Python runs handlers in the main thread. In a fork that is in the callbacks around it. What a forked process that
    never returns gets is not handled: multiprocessing's end with the function that they were started for.
    """

    @wraps(call)
    def call_and_repeat(*arguments: P.args, **options: P.kwargs) -> T:
        if current_thread() is not main_thread():
            return call(*arguments, **options)
        early: list[tuple[int, int]] = []
        try:
            with record_signals(early):
                return call(*arguments, **options)
        finally:
            for pid, number in early:
                if pid == os.getpid():  # not what the parent of a child got before the fork
                    repeat(number)

    return call_and_repeat


@contextmanager
def record_signals(early: list[tuple[int, int]]) -> Iterator[None]:
    """Add each signal that comes to the list, with the process that got it, instead of handling it."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    functions = {number: handler for number, handler in handlers.items() if raises_in_place(handler)}
    try:
        for number in functions:
            signal.signal(number, lambda signum, _frame: early.append((os.getpid(), signum)))
        yield
    finally:
        for number, function in functions.items():
            signal.signal(number, function)


def raises_in_place(handler: Any) -> bool:
    """Whether a handler may raise an exception where it runs; those of asyncio only wake the event loop up."""
    return callable(handler) and getattr(handler, "__module__", None) != "asyncio.unix_events"
