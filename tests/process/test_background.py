"""Threads beside a component's job end with its process: soon, in nothing's middle, and without another exit code."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.process.start import CHECKOUT

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

background.start("test", work)
time.sleep(0.2)
"""


def told(seconds: float, *lines: str, program: str = BEGIN) -> tuple[int, list[str]]:
    """Return the exit code of a process with a thread whose work takes so long, and what it has written."""
    program = program.replace("SECONDS", str(seconds)) + "\n".join(lines)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
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


FORK = """
import os, sys, time
from astro_runtime_plugin import background

def statement():
    print("begins", flush=True)
    time.sleep(SECONDS)
    print("is done", flush=True)

background.start("test", lambda rest: background.in_one_piece(statement))
time.sleep(0.2)
if not (pid := os.fork()):
    print("forked", flush=True)
    background.in_one_piece(lambda: None)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.5, ["begins", "is done", "forked"]), (3600, ["begins", "forked"])]
)
def test_a_fork_waits_for_what_a_thread_is_in_the_middle_of(seconds: float, said: list[str]) -> None:
    assert told(seconds, program=FORK) == (0, said)
