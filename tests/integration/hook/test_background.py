"""Background threads end with their process: soon, not in the middle of their work, and with its exit code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from testing.entrypoint_process import CHECKOUT

PROGRAM = """
import os, sys, time
from astro_runtime_plugin import background

reached = []

def reach(point):
    print(point, flush=True)
    reached.append(point)

def work(wait):
    try:
        while True:
            reach("works")
            time.sleep(SECONDS)
            reach("done")
            wait(3600)
    finally:
        print("ended", flush=True)

background.start_thread("test", work)
while "POINT" not in reached:
    time.sleep(0.01)
"""


# On a busy machine a thread may need more than the product's few seconds to end.
PATIENT = "background.JOIN_SECONDS = 300"


def run(
    seconds: float, *lines: str, before: Sequence[str] = (), point: str = "works"
) -> tuple[int, list[str]]:
    """Run a process with a thread whose work takes some seconds; return its exit code and all its output.

    The `lines` follow when the thread has reached the `point`.
    """
    work = PROGRAM.replace("SECONDS", str(seconds)).replace("POINT", point)
    program = "\n".join(["import os", *before, work, *lines])
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("seconds", [0, 1])
def test_thread_finishes_its_work_before_the_process_exits(seconds: float) -> None:
    assert run(seconds, PATIENT, "sys.exit(3)") == (3, ["works", "done", "ended"])


def test_hanging_thread_does_not_keep_the_process_alive() -> None:
    assert run(3600, "sys.exit(3)") == (3, ["works"])


def test_exit_of_forked_child_does_not_stop_the_parents_thread() -> None:
    child = "if not (pid := os.fork()): sys.exit(4)"
    parent = [
        "print(os.waitpid(pid, 0)[1] >> 8, flush=True)",
        "time.sleep(0.2)",
        "print('lives', flush=True)",
    ]
    assert run(0, PATIENT, child, *parent, point="done") == (0, ["works", "done", "4", "lives", "ended"])


def test_thread_can_wait_in_a_process_with_many_open_files() -> None:
    many = (
        "from resource import RLIMIT_NOFILE, getrlimit, setrlimit",
        "setrlimit(RLIMIT_NOFILE, (getrlimit(RLIMIT_NOFILE)[1],) * 2)",
        "descriptors = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]",
    )
    assert run(0, PATIENT, "sys.exit(3)", before=many) == (3, ["works", "done", "ended"])
