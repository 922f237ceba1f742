"""Signals that the Runtime sends this process once more (`fixes/support/repeated_signal.py`)."""

from __future__ import annotations

import threading


def wait_for_repetition() -> None:
    """Wait for what is to send a signal again, if anything is."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
