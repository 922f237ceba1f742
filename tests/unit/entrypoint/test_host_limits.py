"""Limits from control groups of both versions, in a temporary root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from entrypoint.capacity import worker_concurrency
from entrypoint.host_limits import HostLimits, read_limits

GIB = 1024**3
V1 = "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n"
V1_CPU, V1_MEMORY = "sys/fs/cgroup/cpu,cpuacct", "sys/fs/cgroup/memory"
V2 = "0::/system.slice/docker-abc.scope\n"
TOP = "sys/fs/cgroup"
UNLIMITED = "9223372036854771712"  # how version 1 writes that there is no limit
CASES = {
    "version 1": (
        V1,
        {
            f"{V1_CPU}/cpu.cfs_quota_us": "50000",
            f"{V1_CPU}/cpu.cfs_period_us": "100000",
            f"{V1_MEMORY}/memory.limit_in_bytes": str(GIB),
        },
        (0.5, GIB),
    ),
    "version 1, no limits": (
        V1,
        {
            f"{V1_CPU}/cpu.cfs_quota_us": "-1",
            f"{V1_CPU}/cpu.cfs_period_us": "100000",
            f"{V1_MEMORY}/memory.limit_in_bytes": UNLIMITED,
        },
        (None, 8 * GIB),
    ),
    "version 1, controllers in another order than in the folder's name": (
        V1.replace("cpu,cpuacct", "cpuacct,cpu"),
        {f"{TOP}/cpu/cpu.cfs_quota_us": "50000", f"{TOP}/cpu/cpu.cfs_period_us": "100000"},
        (0.5, 8 * GIB),
    ),
    "version 2, separate namespace": (
        "0::/\n",
        {f"{TOP}/cpu.max": "25000 100000", f"{TOP}/memory.max": str(2 * GIB)},
        (0.25, 2 * GIB),
    ),
    "version 2, no limits": (
        "0::/\n",
        {f"{TOP}/cpu.max": "max 100000", f"{TOP}/memory.max": "max"},
        (None, 8 * GIB),
    ),
    "version 2, the parent's limit is smaller": (
        V2,
        {
            f"{TOP}/system.slice/cpu.max": "30000 100000",
            f"{TOP}/system.slice/docker-abc.scope/cpu.max": "80000 100000",
            f"{TOP}/system.slice/docker-abc.scope/memory.max": str(GIB),
            f"{TOP}/system.slice/memory.max": str(4 * GIB),
        },
        (0.3, GIB),
    ),
    "no control groups": ("", {}, (None, 8 * GIB)),
    "lines that no kernel writes": (
        "garbage\n\n0:\n::\nx:y:z\n0::/\n",
        {f"{TOP}/cpu.max": "25000 100000", f"{TOP}/memory.max": str(2 * GIB)},
        (0.25, 2 * GIB),
    ),
    "numbers that no kernel writes": (
        "0::/\n",
        {f"{TOP}/cpu.max": f"1{'0' * 5000} 100000", f"{TOP}/memory.max": "9" * 5000},
        (None, 8 * GIB),
    ),
    "not a number": (
        "0::/\n",
        {f"{TOP}/cpu.max": "many few", f"{TOP}/memory.max": "lots"},
        (None, 8 * GIB),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_read_limits_returns_smallest_limit(tmp_path: Path, case: str) -> None:
    groups, files, (cores, memory) = CASES[case]
    files = {
        **files,
        "proc/self/cgroup": groups,
        "proc/meminfo": f"MemFree: 5 kB\nMemTotal: {8 * GIB // 1024} kB\n",
    }
    write_files(tmp_path, {name: f"{text}\n" for name, text in files.items()})
    limits = read_limits(str(tmp_path))
    assert (limits.cores, limits.memory) == (cores or len(os.sched_getaffinity(0)), memory)


def write_files(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    "meminfo", ["", "MemFree: 5 kB\n", "MemTotal:\n", "MemTotal: many kB\n", "MemTotal: 0 kB\n", ":\n\n"]
)
@pytest.mark.parametrize("limit", ["", "max", UNLIMITED])
def test_unknown_memory_is_no_bound_and_one_warning(tmp_path: Path, meminfo: str, limit: str) -> None:
    group = {"proc/self/cgroup": V1, f"{V1_MEMORY}/memory.limit_in_bytes": limit}
    write_files(tmp_path, {**group, "proc/meminfo": meminfo})
    limits = read_limits(str(tmp_path))
    cores = len(os.sched_getaffinity(0))
    assert (limits.cores, limits.memory) == (cores, None)
    assert limits.warning == "the host does not show its memory"
    calculation = worker_concurrency(limits)
    assert calculation.value == 5 * cores
    assert calculation.why.count(limits.warning) == 1


def test_limit_of_group_is_taken_if_host_does_not_show_its_memory(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/self/cgroup": "0::/\n", f"{TOP}/memory.max": str(GIB)})
    limits = read_limits(str(tmp_path))
    assert (limits.memory, limits.warning) == (GIB, "")


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_unknown_cpus_are_no_bound_and_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """A sandbox may forbid the question, and only Linux has it."""

    def refuse(_: int) -> set[int]:
        raise error

    monkeypatch.setattr(os, "sched_getaffinity", refuse)
    assert read_limits(str(tmp_path)).cores == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    limits = read_limits(str(tmp_path))
    assert (limits.cores, limits.memory) == (None, None)
    assert limits.warning == "the host does not show its CPUs and memory"
    calculation = worker_concurrency(limits)
    assert (calculation.value, calculation.why) == (None, limits.warning)
    only_memory = worker_concurrency(HostLimits(None, GIB, "no CPUs"))
    assert (only_memory.value, only_memory.why) == (2, "1024 MiB of memory ÷ 384 MiB a task; no CPUs")


def test_limits_of_this_machine_are_within_its_hardware() -> None:
    limits = read_limits()
    assert limits.cores is not None
    assert limits.memory is not None
    assert 0 < limits.cores <= (os.cpu_count() or 1)
    assert 0 < limits.memory <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(
    ("cores", "memory", "tasks", "why"),
    [
        (2, 8 * GIB, 10, "5 tasks × 2 cores"),
        (1.5, 8 * GIB, 7, "5 tasks × 1.5 cores"),
        (4, GIB, 2, "1024 MiB of memory ÷ 384 MiB a task, which is less than 5 tasks × 4 cores"),
        (0.1, 8 * GIB, 1, "5 tasks × 0.1 cores, and at least 1"),
        (
            1,
            GIB // 4,
            1,
            "256 MiB of memory ÷ 384 MiB a task, which is less than 5 tasks × 1 core, and at least 1",
        ),
    ],
)
def test_worker_concurrency_fits_cpus_and_memory(cores: float, memory: int, tasks: int, why: str) -> None:
    calculation = worker_concurrency(HostLimits(cores, memory))
    assert (calculation.value, calculation.why) == (tasks, why)
