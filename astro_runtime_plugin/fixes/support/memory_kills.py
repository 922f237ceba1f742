"""How often the kernel has killed a process of this container for lack of memory.

Source: Linux, Documentation/admin-guide/cgroup-v2.rst (memory.events) and cgroup-v1/memory.rst (memory.oom_control).
The peak is in memory.peak (Linux 5.19) or memory.max_usage_in_bytes.
"""

from __future__ import annotations

from contextlib import suppress
from signal import SIGKILL

from entrypoint.host_limits import MAX_DIGITS, control_group_folders, read_limits

FILES = ("memory.events", "memory.oom_control")
FIELD = "oom_kill"
PEAKS = ("memory.peak", "memory.max_usage_in_bytes")


def count_kills(root: str = "/") -> int | None:
    """Return the number for the control group of this process, or None if the host does not show it.

    `root` is the folder in which the kernel's file systems are mounted.
    """
    for folder in reversed(control_group_folders(root, "memory")):
        for name in FILES:
            if (count := _read_count(f"{folder}/{name}")) is not None:
                return count
    return None


def _read_count(path: str) -> int | None:
    try:
        with open(path, encoding="utf-8") as file:
            fields = dict(line.split(maxsplit=1) for line in file)
            return int(fields[FIELD])
    except (OSError, ValueError, LookupError):
        return None


def explain_exit(code: int, before: int | None) -> str:
    """Return what the kernel's count says about an exit by SIGKILL; "" for another exit code."""
    return describe_kills(before) if code == -SIGKILL else ""


def describe_kills(before: int | None, root: str = "/") -> str:
    """Return what the kernel's count says about a process that SIGKILL ended; `before` is the count at its start."""
    now = count_kills(root)
    if before is None or now is None:
        return "The host does not show whether the kernel killed it for lack of memory."
    if now == before:
        return (
            "The kernel killed no process of this container for lack of memory: something else sent SIGKILL."
        )
    memory = read_limits(root).memory
    limit = f", which may use {memory >> 20} MiB" if memory else ""
    peak = read_peak(root)
    used = f" It used up to {peak >> 20} MiB." if peak else ""
    return f"The kernel killed {now - before} process(es) of this container{limit}, for lack of memory.{used}"


def read_peak(root: str = "/") -> int | None:
    """Return the most memory that the control group has used so far, in bytes, or None if the host does not show it."""
    for folder in reversed(control_group_folders(root, "memory")):
        for name in PEAKS:
            with suppress(OSError, ValueError), open(f"{folder}/{name}", encoding="utf-8") as file:
                return int(file.read(MAX_DIGITS + 1))
    return None
