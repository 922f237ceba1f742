"""Signals of other processes, from Linux's /proc."""

from __future__ import annotations

from pathlib import Path
from signal import Signals


def is_pending(pid: int, number: Signals) -> bool:
    """Whether a signal waits for the code of a process; else it has reached it, or was not sent."""
    status = Path(f"/proc/{pid}/status").read_text()
    masks = [
        int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))
    ]
    return any(mask >> (number - 1) & 1 for mask in masks)
