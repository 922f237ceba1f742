"""Reads how much CPU and memory this container may use, from its control groups (version 1 or 2) or from ECS.

Source: Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max, memory.max), cgroup-v1/memory.rst and
scheduler/sched-bwc.rst (cpu.cfs_quota_us, cpu.cfs_period_us).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

METADATA_VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"
CGROUPS = "sys/fs/cgroup"
MAX_MEMORY = 1 << 60  # bytes; version 1 writes a number above it if there is no limit
MAX_DIGITS = 20  # of a number that the kernel writes


class HostLimits:
    """How much a component may use: `cores`, a number of CPUs, and `memory`, in bytes; None if it is unknown.

    `warning` says what is unknown or may be too large, and why.
    """

    __slots__ = ("cores", "memory", "warning")

    def __init__(self, cores: float | None, memory: int | None, warning: str = "") -> None:
        self.cores = cores
        self.memory = memory
        self.warning = warning


def read_limits(root: str = "/", environ: Mapping[str, str] | None = None) -> HostLimits:
    """Return the smallest limits of CPU and memory for this process, or those of the host if there are none.

    `root` is the folder in which the kernel's file systems are mounted. `environ` may name the metadata of an ECS task,
    which is read if the control groups do not limit both.
    """
    cores, memory = _limits(root, "cpu", _cpu_limit), _limits(root, "memory", _memory_limit)
    host_cores, host_memory = _host_cores(), _host_memory(root)
    memory = [value for value in memory if value < (host_memory or MAX_MEMORY)]
    warnings: list[str] = []
    address = (environ or {}).get(METADATA_VARIABLE, "").strip()
    if address and not (cores and memory):
        task_cores, task_memory, warning = _task_limits(address)
        cores += filter(None, [task_cores])
        memory += filter(None, [task_memory])
        warnings += filter(None, [warning])
    cores += filter(None, [host_cores])
    memory += filter(None, [host_memory])
    if unknown := [name for name, values in (("CPUs", cores), ("memory", memory)) if not values]:
        warnings.append(f"the host does not show its {' and '.join(unknown)}")
    return HostLimits(min(cores, default=None), int(min(memory)) if memory else None, "; ".join(warnings))


def _task_limits(address: str) -> tuple[float | None, int | None, str]:
    """Return the CPUs and the memory of the ECS task, and a warning if they cannot be read."""
    from entrypoint.task_metadata import UnavailableError, task_limits

    try:
        return (*task_limits(address), "")
    except UnavailableError as error:
        return None, None, f"{METADATA_VARIABLE} does not tell the task's limits: {error}"


def _limits(root: str, controller: str, limit: Callable[[str], float | None]) -> list[float]:
    """Return the limits of this process's control group and of its parents."""
    limits = map(limit, control_group_folders(root, controller))
    return [value for value in limits if value]


def control_group_folders(root: str, controller: str) -> list[str]:
    """Return the folders of the process's control group and of its parents, in each hierarchy.

    In a container, the top of the hierarchy is usually its own group, whatever /proc/self/cgroup calls it.
    """
    folders = []
    for line in _text(f"{root}/proc/self/cgroup").splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, separator, path = rest.partition(":")
        if not hierarchy.isdecimal() or not separator:
            continue
        if controllers and controller not in controllers.split(","):
            continue
        # Version 1 mounts `cpu,cpuacct` under that name, whatever the order in the line; `cpu` is a link to it.
        tops = {f"{root}/{CGROUPS}/{name}" for name in (controllers, controllers and controller)}
        parts = path.strip("/").split("/")
        folders += ["/".join([top, *parts[:depth]]) for top in tops for depth in range(len(parts) + 1)]
    return folders


def _cpu_limit(folder: str) -> float | None:
    """Return how many CPUs the group may use, or None if it has no limit."""
    quota, period = _text(f"{folder}/cpu.cfs_quota_us"), _text(f"{folder}/cpu.cfs_period_us")
    words = (_text(f"{folder}/cpu.max") or f"{quota} {period}").split()
    numbers = list(map(_number, words))
    return numbers[0] / numbers[1] if len(numbers) == 2 and numbers[0] and numbers[1] else None


def _memory_limit(folder: str) -> float | None:
    """Return how much memory the group may use, in bytes, or None if it has no limit."""
    return _number(_text(f"{folder}/memory.max") or _text(f"{folder}/memory.limit_in_bytes"))


def _host_cores() -> int | None:
    """Return how many of the host's CPUs this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # it is Linux's own, and a sandbox may forbid it
        return os.cpu_count()


def _host_memory(root: str) -> int | None:
    """Return the memory of the host, in bytes."""
    for line in _text(f"{root}/proc/meminfo").splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "MemTotal:":
            return (_number(words[1]) or 0) * 1024 or None
    return None


def _number(text: str) -> int | None:
    """Return the whole number that the kernel wrote, or None if it is something else, such as `max`."""
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, ValueError):  # ValueError: no UTF-8, or a NUL in the path
        return ""
