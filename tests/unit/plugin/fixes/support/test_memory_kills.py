from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.fixes.support.memory_kills import count_kills, describe_kills, read_peak

EVENTS = "low 0\nhigh 0\nmax 7\noom 3\noom_kill {}\noom_group_kill 0\n"
CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"
HOSTS = {
    "version 2": ("0::/\n", "memory.events", EVENTS),
    "version 2, group of the host": ("0::/kubepods/pod/task\n", "kubepods/pod/task/memory.events", EVENTS),
    "version 1": ("4:memory:/docker/task\n0::/\n", "memory/memory.oom_control", CONTROL),
}


def write(root: Path, group: str, name: str, text: str) -> None:
    for path, content in (("proc/self/cgroup", group), (f"sys/fs/cgroup/{name}", text)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


@pytest.mark.parametrize("host", HOSTS)
def test_kills_are_counted(host: str, tmp_path: Path) -> None:
    group, name, text = HOSTS[host]
    write(tmp_path, group, name, text.format(4))
    assert count_kills(str(tmp_path)) == 4
    assert describe_kills(3, str(tmp_path)).startswith("The kernel killed 1 process(es) of this container")
    assert describe_kills(4, str(tmp_path)).startswith("The kernel killed no process")


def test_own_group_comes_before_its_parents(tmp_path: Path) -> None:
    write(tmp_path, "0::/pod/task\n", "memory.events", EVENTS.format(9))
    write(tmp_path, "0::/pod/task\n", "pod/task/memory.events", EVENTS.format(1))
    assert count_kills(str(tmp_path)) == 1


def test_limit_is_named(tmp_path: Path) -> None:
    write(tmp_path, "0::/\n", "memory.events", EVENTS.format(1))
    (tmp_path / "sys/fs/cgroup/memory.max").write_text(str(1 << 20))
    assert "may use 1 MiB, for lack of memory" in describe_kills(0, str(tmp_path))


@pytest.mark.parametrize("text", ["", "oom_kill", "oom_kill many", "\0"])
def test_host_without_a_count_is_named(text: str, tmp_path: Path) -> None:
    write(tmp_path, "0::/\n", "memory.events", text)
    assert count_kills(str(tmp_path)) is None
    assert "does not show" in describe_kills(None, str(tmp_path))


@pytest.mark.parametrize(
    ("group", "name"),
    [("0::/\n", "memory.peak"), ("4:memory:/\n", "memory/memory.max_usage_in_bytes")],
)
def test_peak_is_named(tmp_path: Path, group: str, name: str) -> None:
    assert read_peak(str(tmp_path)) is None
    write(tmp_path, group, name, f"{5 << 20}\n")
    assert read_peak(str(tmp_path)) == 5 << 20
    file = "memory.events" if name == "memory.peak" else "memory/memory.oom_control"
    write(tmp_path, group, file, EVENTS.format(1))
    assert describe_kills(0, str(tmp_path)).endswith("for lack of memory. It used up to 5 MiB.")
