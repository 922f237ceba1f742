"""The user's wish to stop `make run`."""

from __future__ import annotations

import os
import signal


class StopRequest:
    """Set by SIGINT, SIGTERM or SIGHUP, when the terminal is closed, and when make has ended.

    make passes SIGTERM on but keeps SIGHUP to itself, and a child gets no signal when its parent is killed.
    """

    def __init__(self) -> None:
        """Install the signal handlers; a SIGHUP that is ignored (nohup) stays ignored."""
        self._signals: list[int] = []
        self._parent, self._terminal = os.getppid(), os.isatty(2)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda received, _: self._signals.append(received))

    def check(self) -> None:
        """Raise KeyboardInterrupt if the user wants to stop."""
        if self._signals or os.getppid() != self._parent or (self._terminal and not os.isatty(2)):
            raise KeyboardInterrupt

    @property
    def is_urgent(self) -> bool:
        """Whether Ctrl-C came after another signal. A second SIGTERM may be the first one, passed on by make."""
        return signal.SIGINT in self._signals[1:]
