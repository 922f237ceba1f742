"""The start contract: the component runs as without the Runtime, except for its environment."""

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
    "AIRFLOW__KUBERNETES_EXECUTOR__TASK_PUBLISH_MAX_RETRIES": "60",
    "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES": "60",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
    "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "512",
    **{"3.3": {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "660"}, "2.11": {}}[LINE],
}
PRINT_ENVIRON = "import json, os; print(json.dumps(dict(os.environ)))"


def test_defaults_are_exported_and_logged_once(tmp_path: Path) -> None:
    result = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ=LOCAL)
    environ = json.loads(result.stdout)
    assert {name: environ.get(name) for name in DEFAULTS} == DEFAULTS
    for name, value in DEFAULTS.items():
        assert result.stderr.count(f"{name}={value} (") == 1


def test_log_line_of_parallelism_shows_calculation(tmp_path: Path) -> None:
    queues = [
        {"name": "default", "worker_count": 4, "worker_concurrency": 16},
        {"name": "gpu", "worker_count": 2, "worker_concurrency": 1},
    ]
    environ = {
        "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": json.dumps(queues),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    }
    result = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ=environ)
    assert "AIRFLOW__CORE__PARALLELISM=66 (4×16 default + 2×1 gpu)\n" in result.stderr
    assert json.loads(result.stdout)["AIRFLOW__CORE__PARALLELISM"] == "66"


def test_override_is_logged_with_origin_and_not_exported(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]\nparallelism = 7\n")
    result = start(
        tmp_path, "python", "-c", PRINT_ENVIRON, environ={"AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "64"}
    )
    assert (
        f"AIRFLOW__CORE__PARALLELISM=7 (operator airflow.cfg, [core] parallelism in {tmp_path}/airflow.cfg)"
        in result.stderr
    )
    assert "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY=64 (operator environment" in result.stderr
    environ = json.loads(result.stdout)
    assert "AIRFLOW__CORE__PARALLELISM" not in environ
    assert environ["AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"] == "64"


def test_documented_name_is_forwarded(tmp_path: Path) -> None:
    result = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ={"AIRFLOW_CORE_PARALLELISM": "9"})
    assert json.loads(result.stdout)["AIRFLOW__CORE__PARALLELISM"] == "9"
    assert (
        result.stderr.count("AIRFLOW__CORE__PARALLELISM=9 (forwarded from AIRFLOW_CORE_PARALLELISM, which")
        == 1
    )


def test_ignored_forwarded_name_is_logged(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]\nparallelism = 7\n")
    result = start(tmp_path, "true", environ={"AIRFLOW_CORE_PARALLELISM": "100"})
    (line,) = (line for line in result.stderr.splitlines() if "PARALLELISM=" in line)
    assert line.startswith("astro-runtime: AIRFLOW__CORE__PARALLELISM=7 (operator airflow.cfg, ")
    assert line.endswith("; AIRFLOW_CORE_PARALLELISM is ignored, because the current name is set)")


def test_stalled_task_timeout_works_on_every_line(tmp_path: Path) -> None:
    """Airflow 2.11 reads it, and uses the largest value; on Airflow 3 the Runtime forwards it."""
    environ = {"AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "900"}
    result = start(tmp_path, "python", "-c", PRINT_ENVIRON, environ=environ)
    assert result.stderr.count(f"{TIMEOUT}=900 (") == 1
    assert json.loads(result.stdout).get(TIMEOUT) == {"3.3": "900", "2.11": None}[LINE]


def test_nested_start_changes_and_logs_nothing(tmp_path: Path) -> None:
    outer = start(tmp_path, "python", "-c", PRINT_ENVIRON)
    nested = start(tmp_path, "python", "-m", "entrypoint", "python", "-c", PRINT_ENVIRON)
    assert json.loads(nested.stdout) == json.loads(outer.stdout)
    assert nested.stderr == outer.stderr


def test_value_changed_between_starts_is_override(tmp_path: Path) -> None:
    script = f"AIRFLOW__CORE__PARALLELISM=5 exec python -m entrypoint python -c '{PRINT_ENVIRON}'"
    result = start(tmp_path, "bash", "-c", script)
    assert json.loads(result.stdout)["AIRFLOW__CORE__PARALLELISM"] == "5"
    assert "AIRFLOW__CORE__PARALLELISM=5 (operator environment" in result.stderr


def test_component_has_pid_stdin_stdout_and_exit_code(tmp_path: Path) -> None:
    with begin(tmp_path, "sh", "-c", "echo $$; exit 7") as process:
        assert process.stdout
        assert int(process.stdout.read()) == process.pid
    assert process.returncode == 7
    assert start(tmp_path, "cat", stdin="through\n").stdout == "through\n"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT]
)
def test_signal_reaches_component(tmp_path: Path, number: signal.Signals) -> None:
    with begin(tmp_path, "sh", "-c", "ulimit -c 0; echo ready; exec sleep 60") as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
    assert process.returncode == -number


def test_start_leaves_no_signal_ignored_or_blocked(tmp_path: Path) -> None:
    """Python ignores SIGPIPE, and an ignored signal survives an exec: `yes | head` would not end."""
    words = ("grep", "^Sig[BI]", "/proc/self/status")
    without_start = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert start(tmp_path, *words).stdout == without_start
    assert len(without_start.splitlines()) == 2


def test_environment_is_preserved_byte_for_byte(tmp_path: Path) -> None:
    value = "\udcff\udcfe é \n\t'\""
    result = start(tmp_path, "python", "-c", "import os; print(os.environb[b'ODD'])", environ={"ODD": value})
    assert result.stdout.strip() == repr(value.encode(errors="surrogateescape"))


def test_closed_stderr_does_not_stop_start(tmp_path: Path) -> None:
    result = start(tmp_path, "sh", "-c", "exec python -m entrypoint sh -c 'echo started' 2>&-")
    assert result.stdout == "started\n"
    assert result.returncode == 0
