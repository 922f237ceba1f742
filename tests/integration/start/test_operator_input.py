"""What operators write around a start: switches, commands within commands, and a project in the working folder."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from testing.database_setup import MIGRATION_LINE, PRINT_STARTED, database_environ
from testing.entrypoint_process import environment, start

NO_DATABASE = {
    **database_environ("postgresql://nobody@127.0.0.1:1/none"),
    "CONNECTION_CHECK_MAX_COUNT": "1",
    "CONNECTION_CHECK_SLEEP_TIME": "0",
}


@pytest.mark.parametrize("text", ["false", "False", "0", "no", "off", ""])
def test_switch_that_is_off_needs_no_database(tmp_path: Path, text: str) -> None:
    environ = {"_AIRFLOW_DB_MIGRATE": text, "_AIRFLOW_DB_UPGRADE": text, "_AIRFLOW_WWW_USER_CREATE": text}
    result = start(tmp_path, *PRINT_STARTED, environ={**NO_DATABASE, **environ})
    assert (result.returncode, result.stdout) == (0, "started\n"), result.stderr
    assert "deprecated" not in result.stderr


def test_switch_that_is_on_needs_the_database(tmp_path: Path) -> None:
    result = start(tmp_path, *PRINT_STARTED, environ={**NO_DATABASE, "_AIRFLOW_DB_MIGRATE": "yes"})
    assert (result.returncode, result.stdout) == (75, "")


@pytest.mark.parametrize(
    "words",
    [
        ("bash", "-c", "airflow db migrate && exec airflow scheduler"),
        ("sh", "-ec", "exec airflow triggerer"),
        ("env", "X=Y", "airflow", "scheduler"),
    ],
    ids=" ".join,
)
def test_command_within_a_command_waits(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = start(tmp_path, *words, environ=NO_DATABASE)
    assert (result.returncode, result.stdout) == (75, "")
    assert "gave up on the metadata database" in result.stderr


def test_variables_without_effect_and_ignored_fields_are_named_once(tmp_path: Path) -> None:
    environ = {
        "_PIP_ADDITIONAL_REQUIREMENTS": "lxml",
        "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": '[{"name": "a", "worker_count": 1, "is_default": true}]',
        "AIRFLOW__ASTRO_RUNTIME__LINKS": "",
    }
    nested = f"{sys.executable} -m entrypoint true"
    result = start(
        tmp_path, "bash", "-c", f'echo "${{AIRFLOW__ASTRO_RUNTIME__LINKS-unset}}"; {nested}', environ=environ
    )
    assert (result.returncode, result.stdout) == (0, "unset\n"), result.stderr
    assert result.stderr.count("_PIP_ADDITIONAL_REQUIREMENTS is not supported: ") == 1
    assert result.stderr.count("WORKER_QUEUES: ignored fields: is_default\n") == 1


def test_migration_imports_nothing_from_the_working_folder(tmp_path: Path) -> None:
    """As in the image: the entrypoint itself is isolated, and the project is its working folder."""
    project = tmp_path / "project"
    project.mkdir()
    for name in {*sys.stdlib_module_names, *packages_distributions(), "entrypoint"}:
        if name.isidentifier():
            (project / f"{name}.py").write_text("raise SystemExit(0)\n")
    done = subprocess.run(
        [sys.executable, "-I", "-m", "entrypoint", "true"],
        env=environment(tmp_path, {"_AIRFLOW_DB_MIGRATE": "true", "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert MIGRATION_LINE in done.stderr
    assert (tmp_path / "airflow.db").stat().st_size > 100_000
