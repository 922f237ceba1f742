"""Signals: a start can be stopped while it waits, and the component inherits no trace of that.

Imports `_signal`, because `signal` imports enum, which takes a fifth of a start's time.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os


class StopRequested(BaseException):
    """SIGTERM or SIGINT arrived before the component started; `number` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def install_handlers() -> None:
    """Raise StopRequested on SIGTERM and SIGINT, also as PID 1, for which the kernel ignores both by default.

    A signal that is already ignored (nohup) stays ignored.
    """
    for number in (_signal.SIGTERM, _signal.SIGINT):
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, _request_stop)


def _request_stop(number: int, frame: object) -> None:
    raise StopRequested(number)


def exit_by_signal(number: int) -> int:
    """End by the signal, like a program without a handler. As PID 1, which cannot, return the shell's exit code."""
    _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


def restore_default_signals() -> None:
    """Reset SIGPIPE and SIGXFSZ, which Python ignores from its start: an ignored signal survives an exec."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)
