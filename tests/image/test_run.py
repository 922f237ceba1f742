"""What `docker run` does: the forms of a command, the exit codes, the signals, and what PID 1 does."""

from __future__ import annotations

import pytest

from tests.image.docker import Container, container, once, run, until

SLEEPER = "import time; time.sleep(600)"
# Tells of every SIGTERM that it hears, in itself and in a child; ends two seconds after the first.
LISTENER = """
import os, signal, time
who = "child" if os.fork() == 0 else "main"
heard = []
signal.signal(signal.SIGTERM, lambda *_: (heard.append(1), print("SIGTERM", who, flush=True)))
print("listens", who, flush=True)
end = time.time() + 600
while time.time() < end:
    time.sleep(0.1)
    if heard:
        end, heard = min(end, time.time() + 2), []
"""


@pytest.mark.parametrize(
    ("words", "code", "says"),
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
def test_a_command_runs_and_its_exit_code_is_the_containers(
    base: str, words: tuple[str, ...], code: int, says: str
) -> None:
    done = once(base, *words)
    assert (done.returncode, says in done.stdout + done.stderr) == (code, True), done


@pytest.mark.parametrize("words", [("airflow", "version"), ("version",)])
def test_the_version_is_the_one_that_the_image_names(base: str, words: tuple[str, ...]) -> None:
    told = once(base, "printenv", "AIRFLOW_VERSION").stdout
    assert once(base, *words).stdout == told


def test_a_value_that_cannot_work_ends_the_container_with_78(base: str) -> None:
    done = once(base, "scheduler", options=["--env", "AIRFLOW__CORE__PARALLELISM=many"])
    assert done.returncode == 78
    assert "AIRFLOW__CORE__PARALLELISM" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("python", "-c", LISTENER), ("bash", "-c", 'exec python -c "$0"', LISTENER)]
)
def test_sigterm_is_heard_once_and_by_the_main_process_alone(base: str, words: tuple[str, ...]) -> None:
    with container(base, *words) as up:
        up.until_logged("listens child")
        up.until_logged("listens main")
        run("kill", "--signal", "TERM", up.name)
        assert up.exit_code() == 0
        heard = [line for line in up.log().splitlines() if "SIGTERM" in line]
    assert heard == ["SIGTERM main"]


def test_sigint_reaches_the_component_too(base: str) -> None:
    with container(base, "python", "-c", f"print('up', flush=True); {SLEEPER}", expected=None) as up:
        up.until_logged("up")
        run("kill", "--signal", "INT", up.name)
        assert up.exit_code() == 130
        assert "KeyboardInterrupt" in up.log()


def test_tini_is_pid_1_and_reaps_what_the_component_leaves_behind(base: str) -> None:
    orphans = "for i in 1 2 3; do (sh -c 'exec sleep 0.2' &); done; echo left; exec sleep 600"
    with container(base, "bash", "-c", orphans) as up:
        up.until_logged("left")
        assert up.exec("cat", "/proc/1/comm") == "tini"
        until(lambda: reaped(up), lambda: up.exec("ps", "-e"))


def reaped(up: Container) -> bool:
    """Whether of all the sleepers only the component is there, as none of its orphans is, not even as a zombie."""
    sleepers = [
        line.split()[0] for line in up.exec("ps", "-e", "-o", "stat=,comm=").splitlines() if "sleep" in line
    ]
    return sleepers == ["S"]


def test_a_celery_worker_takes_what_its_container_may_use(base: str) -> None:
    done = once(base, "celery", "worker", "--help", options=["--cpus", "1.5", "--memory", "1g"])
    reason = "1024 MiB of memory ÷ 384 MiB a task, which is less than 5 tasks × 1.5 cores"
    assert f"AIRFLOW__CELERY__WORKER_CONCURRENCY=2 ({reason})" in done.stderr, done
