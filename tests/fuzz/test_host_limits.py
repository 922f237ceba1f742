"""Control groups and meminfo: whatever the kernel's files hold, the limits are within the hardware or unknown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from entrypoint.capacity import worker_concurrency
from entrypoint.host_limits import read_limits
from tests.fuzz.budget import fuzz

TOP = "sys/fs/cgroup"
NUMBERS = st.sampled_from(["max", "-1", "0", "1", "100000", "9223372036854771712", "9" * 5000, "٣", ""])
WORDS = NUMBERS | st.integers(0, 1 << 70).map(str) | st.text(max_size=5)
GROUPS = st.lists(
    st.sampled_from(["0::/", "0::/a/b", "2:cpu,cpuacct:/a", "4:memory:/a", "garbage", "0::/\0", "::"])
    | st.text("0:/,acpumeory \0\n", max_size=20)
    | st.text(max_size=20)
).map("\n".join)
MEMINFO = st.builds("MemTotal:{} kB\n".format, WORDS) | st.sampled_from(["MemTotal:", "MemTotal"]) | WORDS
PAIRS = st.builds("{} {}".format, WORDS, WORDS)
TEXTS = {
    "proc/self/cgroup": GROUPS,
    "proc/meminfo": MEMINFO,
    f"{TOP}/cpu.max": PAIRS,
    f"{TOP}/a/cpu.max": PAIRS,
    f"{TOP}/memory.max": WORDS,
    f"{TOP}/cpu/cpu.cfs_quota_us": WORDS,
    f"{TOP}/cpu/cpu.cfs_period_us": WORDS,
    f"{TOP}/memory/memory.limit_in_bytes": WORDS,
}
FILES = st.fixed_dictionaries(
    {}, optional={name: text.map(str.encode) | st.binary(max_size=9) for name, text in TEXTS.items()}
)


@contextmanager
def kernel_files(files: dict[str, bytes]) -> Iterator[str]:
    with TemporaryDirectory() as root:
        for name, data in files.items():
            path = Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        yield root


@fuzz(FILES)
def test_any_files_give_limits(files: dict[str, bytes]) -> None:
    with kernel_files(files) as root:
        limits = read_limits(root)
    cores = len(os.sched_getaffinity(0))
    assert limits.cores is not None
    assert 0 < limits.cores <= cores
    assert limits.memory is None or limits.memory > 0
    assert bool(limits.warning) is (limits.memory is None)
    assert 1 <= (worker_concurrency(limits).value or 0) <= 5 * cores
