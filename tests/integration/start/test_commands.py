"""Forms of the command, and exit codes, as in the official image."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.entrypoint_process import start
from testing.installed_line import AIRFLOW, MIN_PARALLELISM


def test_missing_command_prints_usage_and_exits_2(tmp_path: Path) -> None:
    result = start(tmp_path)
    assert result.returncode == 2
    assert "usage: entrypoint COMMAND" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (("airflow", "version"), AIRFLOW),
        (("version",), AIRFLOW),
        (("bash", "-c", "echo from bash"), "from bash"),
        (("python", "-c", "print('from python')"), "from python"),
        (("/bin/echo", "from a path"), "from a path"),
        (("echo", "from a program"), "from a program"),
        (("config", "get-value", "scheduler", "max_tis_per_query"), "512"),
    ],
)
def test_command_form_runs(tmp_path: Path, words: tuple[str, ...], output: str) -> None:
    result = start(tmp_path, *words)
    assert result.stdout.strip() == output
    assert result.returncode == 0


def test_airflow_subcommand_wins_over_program(tmp_path: Path) -> None:
    program = tmp_path / "version"
    program.write_text("#!/bin/sh\necho not Airflow\n")
    program.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    assert start(tmp_path, "version", environ={"PATH": path}).stdout.strip() == AIRFLOW


def test_unknown_word_is_passed_to_airflow(tmp_path: Path) -> None:
    result = start(tmp_path, "no-such-thing")
    assert result.returncode == 2
    assert "invalid choice: 'no-such-thing'" in result.stderr


def test_airflow_is_found_next_to_python(tmp_path: Path) -> None:
    result = start(tmp_path, "airflow", "version", environ={"PATH": "/usr/bin:/bin"})
    assert result.stdout.strip() == AIRFLOW


def test_missing_program_exits_127(tmp_path: Path) -> None:
    result = start(tmp_path, "missing/program", environ={"PATH": "/usr/bin:/bin"})
    assert result.returncode == 127
    assert "missing/program was not found" in result.stderr


def test_file_that_cannot_be_executed_exits_126(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo never\n")
    result = start(tmp_path, str(script))
    assert result.returncode == 126
    assert f"{script} cannot be executed" in result.stderr
    script.chmod(0o755)
    assert start(tmp_path, str(script)).returncode == 126  # without a #! line the kernel rejects it


@pytest.mark.parametrize("value", ["", "abc", str(MIN_PARALLELISM - 1), "-3", "1e400", " ", "nan"])
def test_bad_value_starts_nothing(tmp_path: Path, value: str) -> None:
    result = start(
        tmp_path, "sh", "-c", f"touch {tmp_path}/started", environ={"AIRFLOW__CORE__PARALLELISM": value}
    )
    assert result.returncode == 78
    assert result.stderr == (
        f"astro-runtime: AIRFLOW__CORE__PARALLELISM holds {value!r}; "
        f"it must be a whole number of tasks, at least {MIN_PARALLELISM}\n"
    )
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("queues", "message"),
    [
        ("not json", "holds 'not json'; it must be a JSON list of worker queues"),
        ('{"name": "default"}', "it must be a JSON list of worker queues"),
        (
            '[{"name": "default", "worker_count": -1}]',
            "worker queue 'default', worker_count holds '-1'; it must be a whole number from 0",
        ),
        (
            '[{"name": "default", "worker_count": 1, "max_worker_cuont": 2}]',
            "unknown field 'max_worker_cuont'; the fields are name, worker_count",
        ),
        ('[{"name": "default"}]', "it has none of worker_count, min_worker_count, max_worker_count"),
    ],
)
def test_bad_worker_queues_start_nothing(tmp_path: Path, queues: str, message: str) -> None:
    result = start(tmp_path, "true", environ={"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": queues})
    assert result.returncode == 78
    assert message in result.stderr
    assert "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["parallelism = 5\n", "[core]\na = 1\na = 2\n", "\ufeff[core]\n"])
def test_unreadable_airflow_cfg_starts_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "airflow.cfg").write_text(text)
    result = start(tmp_path, "true")
    assert result.returncode == 78
    assert f"{tmp_path}/airflow.cfg is not a configuration file that Airflow can read" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[core]\nfernet_key T0PS3CRET\n", "a line is neither a [section] nor an option = value (line 2)"),
        ("T0PS3CRET = 1\n", "there is an option before the first [section] (line 1)"),
        ("[core]\nparallelism = T0PS3CRET%x\n", "[core] parallelism has a % in its value"),
        ("[core]\nparallelism = T0PS3CRET%(x)s\n", "[core] parallelism has a % in its value"),
        ("[core]\na = T0PS3CRET\na = T0PS3CRET\n", "[core] a occurs twice (line 3)"),
    ],
)
def test_error_about_airflow_cfg_does_not_quote_it(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "airflow.cfg").write_text(text)
    for words in (("true",), ("astro-runtime", "defaults")):
        result = start(tmp_path, *words)
        assert result.returncode == 78
        assert message in result.stderr
        assert "T0PS3CRET" not in result.stderr + result.stdout


def test_bad_worker_queues_start_nothing_despite_parallelism(tmp_path: Path) -> None:
    environ = {"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": '{"a": 1}', "AIRFLOW__CORE__PARALLELISM": "5"}
    assert start(tmp_path, "true", environ=environ).returncode == 78
