"""A file that says that this container's worker consumes no queue because somebody drains it: it is healthy then.

It names the process, so that a worker that starts later under the same name is not taken for the drained one.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def mark_drained(node: str, process: psutil.Process) -> None:
    """Record that the worker with this node name and main process is drained.

    Raises OSError if that cannot be written.
    """
    _path(node).write_text(_identity(process))


def is_drained(node: str) -> bool:
    """Return whether the worker that runs under this node name is recorded as drained."""
    try:
        text = _path(node).read_text()
        return text == _identity(psutil.Process(int(text.partition(" ")[0])))
    except (OSError, ValueError, OverflowError, psutil.Error):
        return False


def forget_drained(node: str, before: float) -> None:
    """Delete the record of the worker with this node name if it was written before a time, in seconds since the epoch.

    The worker took tasks at that time: if it loses its queues later, that is a fault.
    """
    with suppress(OSError):
        if _path(node).stat().st_mtime < before:
            _path(node).unlink()


def _path(node: str) -> Path:
    return Path(tempfile.gettempdir(), "astro-runtime-drained-" + re.sub(r"[^\w.@-]", "_", node)[:200])


def _identity(process: psutil.Process) -> str:
    """Return the id of a process, and its start in ticks since the boot: the time of day changes if the clock is set.

    Raises OSError.
    """
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return f"{process.pid} {stat.rpartition(')')[2].split()[19]}"
