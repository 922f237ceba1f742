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
METADATA_TRIES = 2  # the worker's own process asks again, and must get the same answer
CGROUPS = "sys/fs/cgroup"


class HostLimits:
    """How much a component may use: `cores`, a number of CPUs, and `memory`, in bytes.

    `warning` says why they may be too large, if they may.
    """

    __slots__ = ("cores", "memory", "warning")

    def __init__(self, cores: float, memory: int, warning: str = "") -> None:
        self.cores = cores
        self.memory = memory
        self.warning = warning


def read_limits(root: str = "/", environ: Mapping[str, str] | None = None) -> HostLimits:
    """Return the smallest limits of CPU and memory for this process, or those of the host if there are none.

    `root` is the folder in which the kernel's file systems are mounted. `environ` may name the metadata of an ECS task,
    which is read if the control groups do not limit both.
    """
    host_cores, host_memory = len(os.sched_getaffinity(0)), _host_memory(root)
    cores = _limits(root, "cpu", _cpu_limit)
    memory = [value for value in _limits(root, "memory", _memory_limit) if value < (host_memory or value + 1)]
    warning = ""
    address = (environ or {}).get(METADATA_VARIABLE, "").strip()
    if address and not (cores and memory):
        task_cores, task_memory, warning = _task_limits(address)
        cores += filter(None, [task_cores])
        memory += filter(None, [task_memory])
    return HostLimits(min([host_cores, *cores]), int(min(filter(None, [host_memory, *memory]))), warning)


def _task_limits(address: str) -> tuple[float | None, int | None, str]:
    """Return the CPUs and the memory of the ECS task, and a warning if they cannot be read."""
    from entrypoint.task_metadata import UnavailableError, task_limits

    for _ in range(METADATA_TRIES):
        try:
            return (*task_limits(address), "")
        except UnavailableError as error:
            problem = str(error)
    return None, None, f"{METADATA_VARIABLE} does not tell the task's limits: {problem}"


def _limits(root: str, controller: str, limit: Callable[[str], float | None]) -> list[float]:
    """Return the limits of this process's control group and of its parents."""
    limits = map(limit, _folders(root, controller))
    return [value for value in limits if value]


def _folders(root: str, controller: str) -> list[str]:
    """Return the folders of the process's control group and of its parents, in each hierarchy.

    In a container, the top of the hierarchy is usually its own group, whatever /proc/self/cgroup calls it.
    """
    folders = []
    for line in _text(f"{root}/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
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
    if len(words) == 2 and all(map(str.isdecimal, words)) and int(words[1]):
        return int(words[0]) / int(words[1])
    return None


def _memory_limit(folder: str) -> float | None:
    """Return how much memory the group may use, in bytes, or None if it has no limit."""
    text = _text(f"{folder}/memory.max") or _text(f"{folder}/memory.limit_in_bytes")
    return int(text) if text.isdecimal() else None


def _host_memory(root: str) -> int | None:
    """Return the memory of the host, in bytes."""
    for line in _text(f"{root}/proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemTotal":
            return int(rest.split()[0]) * 1024
    return None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
