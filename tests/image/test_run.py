"""`docker run`: the forms of a command, exit codes, signals, and PID 1."""

from __future__ import annotations

import pytest

from testing.docker_engine import Container, assert_container_runs_cleanly, once, run, run_container
from testing.waiting import wait_until

SLEEPER = "import time; time.sleep(600)"
# Prints every SIGTERM that it and its child receive; exits two seconds after the first.
LISTENER = """
import os, signal, time
who = "child" if os.fork() == 0 else "main"
received = []
signal.signal(signal.SIGTERM, lambda *_: (received.append(1), print("SIGTERM", who, flush=True)))
print("ready", who, flush=True)
end = time.time() + 600
while time.time() < end:
    time.sleep(0.1)
    if received:
        end, received = min(end, time.time() + 2), []
"""


@pytest.mark.parametrize(
    ("words", "code", "output"),
    [
        ((), 2, "usage: "),
        (("python", "--version"), 0, "Python 3."),
        (("bash", "--version"), 0, "GNU bash"),
        (("bash", "-c", "echo $0 is; exit 7"), 7, "bash is"),
        (("bash", "-c", "kill -KILL $$"), 137, ""),
        (("bash", "-c", "kill -TERM $$"), 143, ""),
        (("python", "-c", "raise SystemExit(3)"), 3, ""),
        (("/no/such/program",), 127, "/no/such/program"),
        (("/etc/passwd",), 126, "/etc/passwd"),
        (("scheduler", "--help"), 0, "airflow scheduler"),
        (("airflow", "scheduler", "--help"), 0, "airflow scheduler"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_command_runs_and_determines_the_exit_code(
    base: str, words: tuple[str, ...], code: int, output: str
) -> None:
    done = once(base, *words)
    assert (done.returncode, output in done.stdout + done.stderr) == (code, True), done


@pytest.mark.parametrize("words", [("airflow", "version"), ("version",)])
def test_version_is_that_of_the_images_environment(base: str, words: tuple[str, ...]) -> None:
    version = once(base, "printenv", "AIRFLOW_VERSION").stdout
    assert once(base, *words).stdout == version


def test_invalid_value_ends_the_container_with_78(base: str) -> None:
    done = once(base, "scheduler", options=["--env", "AIRFLOW__CORE__PARALLELISM=many"])
    assert done.returncode == 78
    assert "AIRFLOW__CORE__PARALLELISM" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("python", "-c", LISTENER), ("bash", "-c", 'exec python -c "$0"', LISTENER)]
)
def test_only_the_main_process_receives_sigterm_and_only_once(base: str, words: tuple[str, ...]) -> None:
    with assert_container_runs_cleanly(base, *words) as up:
        up.wait_until_logged("ready child")
        up.wait_until_logged("ready main")
        run("kill", "--signal", "TERM", up.name)
        assert up.exit_code() == 0
        signals = [line for line in up.log().splitlines() if "SIGTERM" in line]
    assert signals == ["SIGTERM main"]


def test_sigint_reaches_the_component(base: str) -> None:
    with run_container(base, "python", "-c", f"print('up', flush=True); {SLEEPER}") as up:
        up.wait_until_logged("up")
        run("kill", "--signal", "INT", up.name)
        assert up.exit_code() == 130
        assert "KeyboardInterrupt" in up.log()


def test_tini_is_pid_1_and_reaps_orphaned_processes(base: str) -> None:
    orphans = "for i in 1 2 3; do (sh -c 'exec sleep 0.2' &); done; echo left; exec sleep 600"
    with assert_container_runs_cleanly(base, "bash", "-c", orphans) as up:
        up.wait_until_logged("left")
        assert up.exec("cat", "/proc/1/comm") == "tini"
        wait_until(lambda: orphans_are_reaped(up), lambda: up.exec("ps", "-e"))


def orphans_are_reaped(up: Container) -> bool:
    """Whether the component is the only sleep process left: an orphan would remain, if only as a zombie.

    Only the first letter is the state; the others are for example that of an engine with low priority.
    """
    states = [line[0] for line in up.exec("ps", "-e", "-o", "stat=,comm=").splitlines() if "sleep" in line]
    return states == ["S"]


def test_celery_worker_concurrency_follows_the_containers_limits(base: str) -> None:
    done = once(base, "celery", "worker", "--help", options=["--cpus", "1.5", "--memory", "1g"])
    reason = "1024 MiB of memory ÷ 384 MiB a task, which is less than 5 tasks × 1.5 cores"
    assert f"AIRFLOW__CELERY__WORKER_CONCURRENCY=2 ({reason})" in done.stderr, done
