"""Threads beside a component's job end with its process: soon, in nothing's middle, and without another exit code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from testing.entrypoint_process import CHECKOUT

BEGIN = """
import os, sys, time
from astro_runtime_plugin import background

def work(rest):
    try:
        while True:
            print("works", flush=True)
            time.sleep(SECONDS)
            print("done", flush=True)
            rest(3600)
    finally:
        print("ended", flush=True)

background.start_thread("test", work)
time.sleep(0.2)
"""


def told(seconds: float, *lines: str, before: Sequence[str] = ()) -> tuple[int, list[str]]:
    """Return the exit code of a process with a thread whose work takes so long, and what it has written."""
    program = "\n".join(["import os", *before, BEGIN.replace("SECONDS", str(seconds)), *lines])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=300
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("seconds", [0, 1])
def test_what_a_thread_is_in_the_middle_of_is_done_before_the_process_ends(seconds: float) -> None:
    assert told(seconds, "sys.exit(3)") == (3, ["works", "done", "ended"])


def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    assert told(3600, "sys.exit(3)") == (3, ["works"])


def test_a_child_that_ends_leaves_its_parents_thread_alone() -> None:
    child = "if not (pid := os.fork()): sys.exit(4)"
    parent = [
        "print(os.waitpid(pid, 0)[1] >> 8, flush=True)",
        "time.sleep(0.2)",
        "print('lives', flush=True)",
    ]
    assert told(0, child, *parent) == (0, ["works", "done", "4", "lives", "ended"])


def test_a_thread_waits_where_the_process_has_many_files_open() -> None:
    many = (
        "from resource import RLIMIT_NOFILE, getrlimit, setrlimit",
        "setrlimit(RLIMIT_NOFILE, (getrlimit(RLIMIT_NOFILE)[1],) * 2)",
        "held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]",
    )
    assert told(0, "sys.exit(3)", before=many) == (3, ["works", "done", "ended"])
