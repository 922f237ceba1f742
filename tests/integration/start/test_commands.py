"""Command forms and exit codes, as in the official image."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.entrypoint_process import start
from testing.installed_line import AIRFLOW, LEAST_PARALLELISM


def test_without_a_command_it_prints_its_usage_and_exits_2(tmp_path: Path) -> None:
    done = start(tmp_path)
    assert done.returncode == 2
    assert "usage: entrypoint COMMAND" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("words", "printed"),
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
def test_command_forms(tmp_path: Path, words: tuple[str, ...], printed: str) -> None:
    done = start(tmp_path, *words)
    assert done.stdout.strip() == printed
    assert done.returncode == 0


def test_an_airflow_subcommand_beats_a_program_of_that_name(tmp_path: Path) -> None:
    program = tmp_path / "version"
    program.write_text("#!/bin/sh\necho not Airflow\n")
    program.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    assert start(tmp_path, "version", environ={"PATH": path}).stdout.strip() == AIRFLOW


def test_a_word_that_is_nothing_is_left_to_airflow_to_judge(tmp_path: Path) -> None:
    done = start(tmp_path, "no-such-thing")
    assert done.returncode == 2
    assert "invalid choice: 'no-such-thing'" in done.stderr


def test_airflow_is_found_beside_python_where_path_does_not_know_it(tmp_path: Path) -> None:
    done = start(tmp_path, "airflow", "version", environ={"PATH": "/usr/bin:/bin"})
    assert done.stdout.strip() == AIRFLOW
    found = start(tmp_path, "airflow-is-not-here/at-all", environ={"PATH": "/usr/bin:/bin"})
    assert found.returncode == 127


def test_a_file_that_cannot_be_executed_exits_126(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo never\n")
    done = start(tmp_path, str(script))
    assert done.returncode == 126
    assert f"{script} cannot be executed" in done.stderr
    script.chmod(0o755)
    assert start(tmp_path, str(script)).returncode == 126  # no #! line: the kernel refuses it


@pytest.mark.parametrize("value", ["", "abc", str(LEAST_PARALLELISM - 1), "-3", "1e9", " ", "nan"])
def test_a_value_that_cannot_work_starts_nothing(tmp_path: Path, value: str) -> None:
    done = start(
        tmp_path, "sh", "-c", f"touch {tmp_path}/started", environ={"AIRFLOW__CORE__PARALLELISM": value}
    )
    assert done.returncode == 78
    assert done.stderr == (
        f"astro-runtime: AIRFLOW__CORE__PARALLELISM holds {value!r}; "
        f"it must be a whole number of tasks from {LEAST_PARALLELISM} to 10000000\n"
    )
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("queues", "said"),
    [
        ("not json", "holds 'not json'; it must be a JSON list of worker queues"),
        ('{"name": "default"}', "it must be a JSON list of worker queues"),
        (
            '[{"name": "default", "worker_count": -1}]',
            "worker queue 'default', worker_count holds '-1'; it must be a whole number from 0",
        ),
        (
            '[{"name": "default", "worker_count": 1, "size": 2}]',
            "unknown field 'size'; the fields are name, worker_count",
        ),
        ('[{"name": "default"}]', "it has none of worker_count, min_worker_count, max_worker_count"),
    ],
)
def test_worker_queues_that_cannot_work_start_nothing(tmp_path: Path, queues: str, said: str) -> None:
    done = start(tmp_path, "true", environ={"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": queues})
    assert done.returncode == 78
    assert said in done.stderr
    assert "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["parallelism = 5\n", "[core]\na = 1\na = 2\n", "\ufeff[core]\n"])
def test_an_airflow_cfg_that_airflow_could_not_read_starts_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "airflow.cfg").write_text(text)
    done = start(tmp_path, "true")
    assert done.returncode == 78
    assert f"{tmp_path}/airflow.cfg is not a configuration file that Airflow can read" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[core]\nfernet_key T0PS3CRET\n", "a line is neither a [section] nor an option = value (line 2)"),
        ("T0PS3CRET = 1\n", "an option stands before the first [section] (line 1)"),
        ("[core]\nparallelism = T0PS3CRET%x\n", "[core] parallelism has a % in its value"),
        ("[core]\nparallelism = T0PS3CRET%(x)s\n", "[core] parallelism has a % in its value"),
        ("[core]\na = T0PS3CRET\na = T0PS3CRET\n", "[core] a stands in it twice (line 3)"),
    ],
)
def test_what_stands_in_airflow_cfg_is_never_quoted(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "airflow.cfg").write_text(text)
    for words in (("true",), ("astro-runtime", "defaults")):
        done = start(tmp_path, *words)
        assert done.returncode == 78
        assert said in done.stderr
        assert "T0PS3CRET" not in done.stderr + done.stdout


def test_worker_queues_that_cannot_work_start_nothing_beside_a_set_parallelism(tmp_path: Path) -> None:
    told = {"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": '{"a": 1}', "AIRFLOW__CORE__PARALLELISM": "5"}
    assert start(tmp_path, "true", environ=told).returncode == 78
