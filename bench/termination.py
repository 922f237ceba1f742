"""What happens to the servers of a benchmark that is stopped."""

from __future__ import annotations

import signal
import sys


def exit_on_sigterm() -> None:
    """Have SIGTERM end this process as an exit does, with code 143: the blocks that run servers stop them."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
