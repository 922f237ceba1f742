"""`astro-runtime logs` as a real process, with a run in a real metadata database and logs in a folder."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from testing.cli_process import run_astro_runtime
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.proof import copy_migrated_database
from testing.waiting import wait_until

SOURCE = """
try:
    from airflow.sdk import DAG, task
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.decorators import task

def work(name="one"):
    pass

with DAG("orders", schedule=None):
    task(work, task_id="load")()
    task(work, task_id="each").expand(name=["a", "b"])
"""
CREATE = """
import sys
from testing.airflow_command import airflow_command, save_dags
save_dags(sys.argv[1])
airflow_command("dags", "trigger", "orders", "--run-id", "today")
"""
FOLDER = "dag_id=orders/run_id=today/task_id=load"
LINES = (
    "[2026-01-01T00:00:01.000+0000] {first.py:1} INFO - one\n"
    "[2026-01-01T00:00:03.000+0000] {first.py:2} INFO - three\n"
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with a run of a DAG."""
    home = tmp_path_factory.mktemp("home")
    copy_migrated_database(tmp_path_factory.mktemp("templates"), home)
    subprocess.run(
        [sys.executable, "-c", CREATE, SOURCE],
        env=isolated_environment(home),
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return home


class Home:
    """An AIRFLOW_HOME with a run of a DAG, in which the first try of `load` has ended, and a store."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = path / "store"
        self.set_state("success", 1)

    def set_state(self, state: str | None, number: int) -> None:
        with closing(sqlite3.connect(self.path / "airflow.db", timeout=30)) as database, database:
            changed = database.execute(
                "UPDATE task_instance SET state = ?, try_number = ? WHERE task_id = 'load'", (state, number)
            )
            assert changed.rowcount == 1

    def write(self, name: str, text: str, below: str = "store") -> None:
        file = self.path / below / FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def environ(self, with_store: bool = True) -> dict[str, str]:
        url = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": f"file://{self.store}"} if with_store else {}
        return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.path}/airflow.db", **url}

    def run(self, *words: str, with_store: bool = True) -> subprocess.CompletedProcess[str]:
        return run_astro_runtime(self.path, "logs", *words, **self.environ(with_store))


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    shutil.copy(template / "airflow.db", tmp_path / "airflow.db")
    return Home(tmp_path)


def test_log_is_read_from_the_store_with_its_chunks(home: Home) -> None:
    home.write("attempt=1.log", LINES[:60])
    home.write("attempt=1.log.000000000060", LINES[60:])
    done = home.run("orders", "today", "load")
    assert (done.stdout, done.stderr, done.returncode) == (LINES, "", 0)


def test_local_log_is_read_where_no_store_is_set(home: Home) -> None:
    home.write("attempt=1.log", LINES, below="logs")
    assert home.run("orders", "today", "load", with_store=False).stdout == LINES


def test_local_log_is_read_where_the_store_has_none(home: Home) -> None:
    home.write("attempt=1.log", LINES, below="logs")
    assert home.run("orders", "today", "load").stdout == LINES


def test_part_of_the_triggerer_is_in_the_order_of_the_times(home: Home) -> None:
    home.write("attempt=1.log", LINES)
    home.write("attempt=1.log.trigger.7.log", '{"timestamp":"2026-01-01T00:00:02.000+0000","event":"two"}\n')
    printed = home.run("orders", "today", "load").stdout.splitlines()
    assert [line.split()[-1] for line in printed] == ["one", "two", "three"]


def test_earlier_try_is_read_by_its_number(home: Home) -> None:
    home.set_state("running", 2)
    home.write("attempt=1.log", "first\n")
    home.write("attempt=2.log", "second\n")
    assert home.run("orders", "today", "load", "--try", "1").stdout == "first\n"
    assert home.run("orders", "today", "load").stdout == "second\n"


def test_missing_bytes_are_reported_where_they_are_missing(home: Home) -> None:
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
def test_wrong_name_is_reported_in_one_line(home: Home, words: tuple[str, ...], problem: str) -> None:
    done = home.run(*words)
    assert (done.stdout, done.stderr, done.returncode) == ("", f"astro-runtime: {problem}\n", 2)


def test_log_that_is_nowhere_is_reported(home: Home) -> None:
    done = home.run("orders", "today", "load")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "astro-runtime: the log of try 1 is not in the store, nor on this machine\n"


def test_task_that_has_not_begun_is_reported(home: Home) -> None:
    home.set_state(None, 0)
    done = home.run("orders", "today", "load")
    assert (done.returncode, done.stderr) == (
        1,
        "astro-runtime: the task has not begun; --follow waits for it\n",
    )


class Follower:
    """A running `astro-runtime logs --follow`."""

    def __init__(self, home: Home, output: Path) -> None:
        program = str(Path(sys.executable).parent / "astro-runtime")
        self.output = output
        with open(output, "wb") as stdout:
            self.process = subprocess.Popen(
                [program, "logs", "orders", "today", "load", "--follow"],
                env={**isolated_environment(home.path), **home.environ()},
                cwd=CHECKOUT,
                stdout=stdout,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, text: str) -> None:
        wait_until(lambda: self.output.read_text() == text, self.output.read_text, seconds=60)


@pytest.fixture
def follower(home: Home, tmp_path: Path) -> Iterator[Follower]:
    home.set_state(None, 0)
    running = Follower(home, tmp_path / "followed")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait(30)


def test_follow_waits_for_the_start_prints_what_comes_and_ends_with_the_try(
    home: Home, follower: Follower
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
    assert follower.process.wait(60) == 0
    assert follower.output.read_text() == "one\ntwo\nthree\nend\n"


def test_ctrl_c_ends_following_without_a_message(home: Home, follower: Follower) -> None:
    home.set_state("running", 1)
    home.write("attempt=1.log.000000000000", "one\n")
    follower.wait_for("one\n")
    follower.process.send_signal(signal.SIGINT)
    assert follower.process.wait(30) == 130
    assert follower.output.read_text() == "one\n"


def test_check_passes_with_a_folder(home: Home) -> None:
    done = home.run("check")
    assert (done.stdout, done.stderr, done.returncode) == (
        f"file://{home.store} can be written, listed, read and deleted from\n",
        "",
        0,
    )


def test_check_without_a_store_has_no_answer(home: Home) -> None:
    done = home.run("check", with_store=False)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.startswith("astro-runtime: no store is set ([astro_runtime] task_logs)")


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "ftp://host/logs"}, "[astro_runtime] task_logs must be s3://"),
        (
            {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "s3://me:hidden@bucket/x"},
            "must not contain a user name or password",
        ),
        (
            {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "file:///dev/null/logs"},
            "file:///dev/null/logs cannot be written: ",
        ),
        (
            {
                "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "s3://bucket/logs",
                "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_CONN_ID": "nowhere",
            },
            "the connection nowhere is unknown",
        ),
    ],
)
def test_check_names_what_is_wrong_and_no_secret(home: Home, environ: dict[str, str], problem: str) -> None:
    done = run_astro_runtime(home.path, "logs", "check", **{**home.environ(with_store=False), **environ})
    assert (done.stdout, done.returncode) == ("", 78)
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stderr
