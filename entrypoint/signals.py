"""Signals around a start: heard while it waits, and as if it had never been there once the component runs.

`_signal`, because `signal` imports enum, a fifth of the time that a start takes.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os


class StopRequested(BaseException):
    """SIGTERM or SIGINT came before the component was there; `number` is which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def install_handlers() -> None:
    """Raise Stopped on SIGTERM and SIGINT, also as PID 1, whose default is to ignore them.

    A signal that was ignored from the start (nohup) stays ignored.
    """
    for number in (_signal.SIGTERM, _signal.SIGINT):
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, _stop)


def _stop(number: int, frame: object) -> None:
    raise StopRequested(number)


def exit_by_signal(number: int) -> int:
    """End by the signal, as a program without a handler would; return the shell's code for it where PID 1 cannot."""
    _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


def restore_default_signals() -> None:
    """Give SIGPIPE and SIGXFSZ their default back: Python ignores them from its start, and an exec keeps that."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)
