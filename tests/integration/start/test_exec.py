"""Start contract: the component is what it would have been without the Runtime, but for its environment."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from testing.entrypoint_process import begin, start
from testing.installed_line import INTERVAL, LINE, TIMEOUT

LOCAL = {"AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
DEFAULTS = {
    INTERVAL: "30",
    TIMEOUT: "600",
    "AIRFLOW__CORE__PARALLELISM": "16",
    "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE": "16",
    "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "512",
}
PRINT_ENVIRON = "import json, os; print(json.dumps(dict(os.environ)))"


def test_the_defaults_are_exported_and_each_is_logged_once(tmp_path: Path) -> None:
    done = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ=LOCAL)
    environ = json.loads(done.stdout)
    assert {name: environ.get(name) for name in DEFAULTS} == DEFAULTS
    for name, value in DEFAULTS.items():
        assert done.stderr.count(f"{name}={value} (") == 1


def test_the_parallelism_line_shows_the_arithmetic(tmp_path: Path) -> None:
    queues = [
        {"name": "default", "worker_count": 4, "worker_concurrency": 16},
        {"name": "gpu", "worker_count": 2, "worker_concurrency": 1},
    ]
    told = {
        "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": json.dumps(queues),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    }
    done = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ=told)
    assert "AIRFLOW__CORE__PARALLELISM=66 (4×16 default + 2×1 gpu)\n" in done.stderr
    assert json.loads(done.stdout)["AIRFLOW__CORE__PARALLELISM"] == "66"


def test_an_override_is_logged_with_its_origin_and_not_exported_twice(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]\nparallelism = 7\n")
    done = start(
        tmp_path, "python", "-c", PRINT_ENVIRON, environ={"AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "64"}
    )
    assert (
        f"AIRFLOW__CORE__PARALLELISM=7 (operator airflow.cfg, [core] parallelism in {tmp_path}/airflow.cfg)"
        in done.stderr
    )
    assert "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY=64 (operator environment" in done.stderr
    environ = json.loads(done.stdout)
    assert "AIRFLOW__CORE__PARALLELISM" not in environ
    assert environ["AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"] == "64"


def test_a_name_that_this_airflow_does_not_read_is_carried(tmp_path: Path) -> None:
    done = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ={"AIRFLOW_CORE_PARALLELISM": "9"})
    assert json.loads(done.stdout)["AIRFLOW__CORE__PARALLELISM"] == "9"
    assert (
        done.stderr.count("AIRFLOW__CORE__PARALLELISM=9 (carried from AIRFLOW_CORE_PARALLELISM, which") == 1
    )


def test_a_carried_name_that_does_not_count_is_said(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]\nparallelism = 7\n")
    done = start(tmp_path, "true", environ={"AIRFLOW_CORE_PARALLELISM": "100"})
    (line,) = (line for line in done.stderr.splitlines() if "PARALLELISM=" in line)
    assert line.startswith("astro-runtime: AIRFLOW__CORE__PARALLELISM=7 (operator airflow.cfg, ")
    assert line.endswith("; AIRFLOW_CORE_PARALLELISM does not count beside it)")


def test_the_documented_stalled_task_timeout_counts_on_every_line(tmp_path: Path) -> None:
    """Airflow 2.11 reads it itself, and takes the largest; to Airflow 3 the Runtime carries it."""
    told = {"AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "900"}
    done = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ=told)
    assert done.stderr.count(f"{TIMEOUT}=900 (") == 1
    assert json.loads(done.stdout).get(TIMEOUT) == {"3.3": "900", "2.11": None}[LINE]


def test_a_start_within_a_start_changes_and_says_nothing(tmp_path: Path) -> None:
    once = start(tmp_path, "python", "-c", PRINT_ENVIRON)
    twice = start(tmp_path, "python", "-m", "entrypoint", "python", "-c", PRINT_ENVIRON)
    assert json.loads(twice.stdout) == json.loads(once.stdout)
    assert twice.stderr == once.stderr


def test_a_value_changed_between_two_starts_is_an_override(tmp_path: Path) -> None:
    script = f"AIRFLOW__CORE__PARALLELISM=5 exec python -m entrypoint python -c '{PRINT_ENVIRON}'"
    done = start(tmp_path, "bash", "-c", script)
    assert json.loads(done.stdout)["AIRFLOW__CORE__PARALLELISM"] == "5"
    assert "AIRFLOW__CORE__PARALLELISM=5 (operator environment" in done.stderr


def test_pid_stdin_stdout_and_exit_code_are_the_components(tmp_path: Path) -> None:
    with begin(tmp_path, "sh", "-c", "echo $$; exit 7") as process:
        assert process.stdout
        assert int(process.stdout.read()) == process.pid
    assert process.returncode == 7
    assert start(tmp_path, "cat", stdin="through\n").stdout == "through\n"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT]
)
def test_a_signal_reaches_the_component_itself(tmp_path: Path, number: signal.Signals) -> None:
    with begin(tmp_path, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 60") as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
    assert process.returncode == -number


def test_no_signal_is_ignored_or_blocked_that_was_not_before(tmp_path: Path) -> None:
    """Python ignores SIGPIPE, and an ignored signal stays ignored through an exec: `yes | head` would not end."""
    words = ("grep", "^Sig[BI]", "/proc/self/status")
    directly = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert start(tmp_path, *words).stdout == directly
    assert len(directly.splitlines()) == 2


def test_the_environment_is_handed_on_byte_for_byte(tmp_path: Path) -> None:
    odd = "\udcff\udcfe é \n\t'\""
    done = start(tmp_path, "python", "-c", "import os; print(os.environb[b'ODD'])", environ={"ODD": odd})
    assert done.stdout.strip() == repr(odd.encode(errors="surrogateescape"))


def test_a_stderr_that_is_closed_stops_nothing(tmp_path: Path) -> None:
    done = start(tmp_path, "sh", "-c", "exec python -m entrypoint sh -c 'echo started' 2>&-")
    assert done.stdout == "started\n"
    assert done.returncode == 0
