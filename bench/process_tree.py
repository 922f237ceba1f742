"""The processor time of a process and of all its descendants, also those that have ended."""

from __future__ import annotations

from contextlib import suppress

import psutil  # type: ignore[import-untyped]


def processor_time(pid: int) -> float:
    """Return the seconds of a process and its descendants so far.

    A descendant that has ended counts from the moment at which its parent has waited for it.
    """
    root = psutil.Process(pid)
    seconds = 0.0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])  # user, system, and those of its children that have ended
    return seconds
