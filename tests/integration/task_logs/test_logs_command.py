"""`astro-runtime logs` as a real process, with a run in a real metadata database and logs in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.orders_home import FOLDER, OrdersHome
from testing.waiting import wait_until

LINES = (
    "[2026-01-01T00:00:01.000+0000] {first.py:1} INFO - one\n"
    "[2026-01-01T00:00:03.000+0000] {first.py:2} INFO - three\n"
)


def test_log_is_read_from_the_store_with_its_chunks(home: OrdersHome) -> None:
    home.write("attempt=1.log", LINES[:60])
    home.write("attempt=1.log.000000000060", LINES[60:])
    done = home.run("orders", "today", "load")
    assert (done.stdout, done.stderr, done.returncode) == (LINES, "", 0)


def test_local_log_is_read_where_no_store_is_set(home: OrdersHome) -> None:
    home.write("attempt=1.log", LINES, below="logs")
    assert home.run("orders", "today", "load", with_store=False).stdout == LINES


def test_local_log_is_read_where_the_store_has_none(home: OrdersHome) -> None:
    home.write("attempt=1.log", LINES, below="logs")
    assert home.run("orders", "today", "load").stdout == LINES


def test_part_of_the_triggerer_is_in_the_order_of_the_times(home: OrdersHome) -> None:
    home.write("attempt=1.log", LINES)
    home.write("attempt=1.log.trigger.7.log", '{"timestamp":"2026-01-01T00:00:02.000+0000","event":"two"}\n')
    printed = home.run("orders", "today", "load").stdout.splitlines()
    assert [line.split()[-1] for line in printed] == ["one", "two", "three"]


def test_earlier_try_is_read_by_its_number(home: OrdersHome) -> None:
    home.set_state("running", 2)
    home.write("attempt=1.log", "first\n")
    home.write("attempt=2.log", "second\n")
    assert home.run("orders", "today", "load", "--try", "1").stdout == "first\n"
    assert home.run("orders", "today", "load").stdout == "second\n"


def test_missing_bytes_are_reported_where_they_are_missing(home: OrdersHome) -> None:
    home.write("attempt=1.log", "one\n")
    home.write("attempt=1.log.000000000014", "three\n")
    one, gap, three = home.run("orders", "today", "load").stdout.splitlines()
    assert (one, three) == ("one", "three")
    assert "10 bytes of this log are missing here" in gap


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("order", "today", "load"), "there is no run of a DAG order"),
        (("orders", "yesterday", "load"), "DAG orders has no run yesterday"),
        (("orders", "today", "lod"), "that run has no task lod"),
        (("orders", "today", "load", "--try", "2"), "task load has 1 tries in this run"),
        (("orders", "today", "load", "--map-index", "0"), "task load is not mapped; leave out --map-index"),
        (("orders", "today", "each"), "task each is mapped; --map-index is one of 0, 1"),
    ],
)
def test_wrong_name_is_reported_in_one_line(home: OrdersHome, words: tuple[str, ...], problem: str) -> None:
    done = home.run(*words)
    assert (done.stdout, done.stderr, done.returncode) == ("", f"astro-runtime: {problem}\n", 2)


def test_log_that_is_nowhere_is_reported(home: OrdersHome) -> None:
    done = home.run("orders", "today", "load")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "astro-runtime: the log of try 1 is not in the store, nor on this machine\n"


def test_task_that_has_not_begun_is_reported(home: OrdersHome) -> None:
    home.set_state(None, 0)
    done = home.run("orders", "today", "load")
    assert (done.returncode, done.stderr) == (
        1,
        "astro-runtime: the task has not begun; --follow waits for it\n",
    )


# The command, which waits for what a starved test writes after the end of the try.
PROGRAM = """
import sys
from astro_runtime_plugin.cli import main
from astro_runtime_plugin.task_logs.reading import terminal
terminal.LATE_SECONDS = 300.0
sys.argv[0] = "astro-runtime"
main()
"""


class Follower:
    """A running `astro-runtime logs --follow`."""

    def __init__(self, home: OrdersHome, output: Path) -> None:
        self.output = output
        with open(output, "wb") as stdout:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "logs", "orders", "today", "load", "--follow"],
                env={**isolated_environment(home.path), **home.environ()},
                cwd=CHECKOUT,
                stdout=stdout,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, text: str) -> None:
        wait_until(lambda: self.output.read_text() == text, self.output.read_text)


@pytest.fixture
def follower(home: OrdersHome, tmp_path: Path) -> Iterator[Follower]:
    home.set_state(None, 0)
    running = Follower(home, tmp_path / "followed")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait(300)


def test_follow_waits_for_the_start_prints_what_comes_and_ends_with_the_try(
    home: OrdersHome, follower: Follower
) -> None:
    home.set_state("running", 1)
    home.write("attempt=1.log.000000000000", "one\n")
    follower.wait_for("one\n")
    home.write("attempt=1.log.000000000004", "two\nthr")
    follower.wait_for("one\ntwo\n")
    home.set_state("success", 1)
    home.write("attempt=1.log.000000000011", "ee\nend")
    home.write("attempt=1.log", "one\ntwo\nthree\nend")
    for path in (home.store / FOLDER).glob("attempt=1.log.*"):
        os.unlink(path)
    assert follower.process.wait(300) == 0
    assert follower.output.read_text() == "one\ntwo\nthree\nend\n"


def test_ctrl_c_ends_following_without_a_message(home: OrdersHome, follower: Follower) -> None:
    home.set_state("running", 1)
    home.write("attempt=1.log.000000000000", "one\n")
    follower.wait_for("one\n")
    follower.process.send_signal(signal.SIGINT)
    assert follower.process.wait(300) == 130
    assert follower.output.read_text() == "one\n"
