"""Progress of what runs for minutes, a line with the time for each step."""

from __future__ import annotations

import time


def print_progress(text: str) -> None:
    """Print a line at once."""
    print(time.strftime("%H:%M:%S"), text, flush=True)
