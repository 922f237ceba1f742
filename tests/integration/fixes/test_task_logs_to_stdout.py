"""Each line of a task's log is once on stdout, with its place in the log, whatever the task does."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.stdout import MAX_BYTES
from testing.installed_line import LINE
from testing.printed_lines import assert_printed_once, other_lines, printed_lines
from testing.proof import FIXED, STOCK, Proof
from testing.task_process import TaskProcess, task_process
from testing.waiting import wait_until

SET = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True"}
TRACEBACKS = {"3.3": 1, "2.11": 2}[LINE]  # of an exception, in Airflow's log
SECRET = "hunter-of-secrets-22"
IMPORTS = {
    "3.3": "from airflow.sdk import DAG, task\nfrom airflow.sdk.log import mask_secret",
    "2.11": "from airflow import DAG\nfrom airflow.decorators import task\n"
    "from airflow.utils.log.secrets_masker import mask_secret",
}[LINE]
DAG = """
import logging, os, signal, subprocess, time
from datetime import datetime
from pathlib import Path
{imports}

def fail():
    try:
        {{}}["missing"]
    except KeyError as error:
        raise ValueError("no value ☃") from error

def wait():
    folder = Path(os.environ["FOLDER"])
    (folder / "started").touch()
    while not (folder / "stop").exists():
        time.sleep(0.1)

with DAG("dag", schedule=None, start_date=datetime(2025, 1, 1)):
    @task(task_id="task")
    def work():
        mask_secret("{secret}")
        print("printed ü")
        logging.getLogger("mine").warning("logged %s {secret}", "☃")
        done = subprocess.run(["sh", "-c", "echo from a process"], capture_output=True, text=True)
        print(done.stdout.strip())
        print("x" * 1_000_000)
        print("control \\x00\\x1b[31m \\ud800".encode("utf-8", "replace").decode())
        {end}

    work()
"""
ENDS = {
    "exception": "fail()",
    "kill": "os.kill(os.getpid(), signal.SIGKILL)",
    "exit": "os._exit(3)",
    "success": "pass",
}


def source(end: str) -> str:
    return DAG.format(imports=IMPORTS, secret=SECRET, end=end)


def assert_lines(task: TaskProcess) -> None:
    """Assert that the log is on stdout, each line once, masked and with its place."""
    lines = printed_lines(task.output())
    assert_printed_once(lines, task.log)
    assert {(line["dag_id"], line["task_id"], line["map_index"], line["try_number"]) for line in lines} == {
        ("dag", "task", -1, 1)
    }
    assert {line["run_id"] for line in lines} == {"run"}
    messages = [line["message"] for line in lines]
    for text in ("printed ü", "logged ☃ ***", "from a process"):
        assert messages.count(text) == 1
        assert not any(text in line for line in other_lines(task.output()))
    assert SECRET not in task.output()
    assert {"mine": "warning"}.items() <= {line["logger"]: line["level"] for line in lines}.items()
    (long,) = [line for line in lines if line["message"].startswith("xxx")]
    assert len(long["message"]) + long["cut"] == 1_000_000
    assert all(len(text.encode()) < MAX_BYTES for text in task.output().splitlines() if text.startswith("{"))


def assert_printed(proof: Proof, task: TaskProcess) -> None:
    """Assert that the log is on stdout as `assert_lines` says, and that stock Airflow prints no such line."""
    assert bool(printed_lines(task.output())) is proof.expect(stock=False, fixed=True), task.output()
    if proof.mode == FIXED:
        assert_lines(task)


@pytest.mark.parametrize("end", ENDS)
def test_each_line_is_printed_once(proof: Proof, end: str) -> None:
    with task_process(proof, source(ENDS[end]), **SET) as task:
        task.wait()
        assert_printed(proof, task)
        if proof.mode == FIXED:
            assert_end(printed_lines(task.output()), end)


def assert_end(lines: list[dict[str, object]], end: str) -> None:
    exceptions = [str(line["exception"]) for line in lines if line["exception"]]
    if end == "exception":
        assert len(exceptions) == TRACEBACKS
        assert all(text.index("KeyError") < text.index("ValueError: no value ☃") for text in exceptions)
    else:
        assert exceptions == []


def test_lines_before_and_after_sigterm_are_printed_once(proof: Proof) -> None:
    with task_process(proof, source("wait()"), **SET) as task:
        task.wait_for_file("started")
        if proof.mode == STOCK:
            task.wait_until_idle()
        task.send(signal.SIGTERM)
        (task.folder / "stop").touch()
        task.wait()
        assert_printed(proof, task)


def test_lines_before_kill_of_the_supervisor_are_printed_once(proof: Proof) -> None:
    with task_process(proof, source("wait()"), **SET) as task:
        task.wait_for_file("started")
        if proof.mode == FIXED:  # the supervisor writes a line to the log, then prints it
            wait_until(lambda: '"message":"control' in task.output(), task.output)
        task.send(signal.SIGKILL)
        task.wait()
        assert_printed(proof, task)
        (task.folder / "stop").touch()  # for the task's own process, which nobody else ends


def test_lines_are_printed_once_beside_the_store(proof: Proof) -> None:
    folder = {"3.3": "airflow3", "2.11": "airflow2"}[LINE]
    configuration = f"astro_runtime_plugin.task_logs.{folder}.logging_config.LOGGING_CONFIG"
    store = {
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": f"file://{proof.home}/store",
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": configuration,
    }
    with task_process(proof, source("fail()"), **SET, **store) as task:
        task.wait()
        whole = proof.home / "store" / task.log.relative_to(proof.home / "logs")
        wait_until(lambda: whole.exists() and whole.read_bytes() == task.log.read_bytes(), task.output)
        assert_printed(proof, task)


def test_nothing_is_printed_without_the_setting(half: Proof) -> None:
    with task_process(half, source("pass")) as task:
        task.wait()
        assert printed_lines(task.output()) == []
        assert Path(task.log).is_file()
