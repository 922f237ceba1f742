"""The astro-runtime command: help, version, defaults and workers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from astro_runtime_plugin.cli import COMMANDS
from testing.cli_process import run_astro_runtime
from testing.entrypoint_process import CHECKOUT, environment
from testing.installed_line import AIRFLOW, ALL_DEFAULTS, LINE, RELEASE


def test_defaults_json_has_value_origin_and_airflow_default(tmp_path: Path) -> None:
    section, option = {
        "3.3": ("dag_processor", "refresh_interval"),
        "2.11": ("scheduler", "dag_dir_list_interval"),
    }[LINE]
    (tmp_path / "airflow.cfg").write_text(f"[{section}]\n{option} = 60\n")
    done = run_astro_runtime(tmp_path, "defaults", "--json", AIRFLOW_CORE_PARALLELISM="9")
    rows = {row["documented"]: row for row in json.loads(done.stdout)}
    assert set(rows) == {setting.documented for setting in ALL_DEFAULTS}
    interval = rows["AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL"]
    assert (interval["value"], interval["origin"], interval["stock"]) == ("60", "operator airflow.cfg", "300")
    parallelism = rows["AIRFLOW__CORE__PARALLELISM"]
    assert (parallelism["value"], parallelism["origin"]) == ("9", "operator environment")
    assert parallelism["set_as"] == "AIRFLOW_CORE_PARALLELISM"
    assert rows["AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"]["origin"] == "Runtime"


def test_defaults_prints_a_table_row_for_each_setting(tmp_path: Path) -> None:
    lines = run_astro_runtime(tmp_path, "defaults").stdout.splitlines()
    assert len(lines) == len(ALL_DEFAULTS) + 1
    assert lines[0].split("  ")[0] == "setting"
    (row,) = (line for line in lines if line.startswith("AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"))
    assert row.split()[1:4] == ["512", "Runtime", "16"]


def test_table_does_not_swallow_square_brackets(tmp_path: Path) -> None:
    table = run_astro_runtime(tmp_path, "defaults", AIRFLOW__CORE__EXECUTOR="CeleryExecutor").stdout
    assert "CeleryExecutor, and [astro_runtime] worker_queues is not configured" in table


def test_defaults_are_the_same_inside_the_started_environment(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "entrypoint", "astro-runtime", "defaults", "--json"]
    inside = subprocess.run(words, env=environment(tmp_path), cwd=CHECKOUT, capture_output=True, text=True)
    assert inside.stdout == run_astro_runtime(tmp_path, "defaults", "--json").stdout


def test_workers_without_celery_queries_nothing(tmp_path: Path) -> None:
    done = run_astro_runtime(tmp_path, "workers", AIRFLOW__CORE__EXECUTOR="LocalExecutor")
    assert done.returncode == 0, done.stderr
    assert "No scheduler follows the workers: parallelism 16 (Runtime)" in done.stdout


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_workers_reports_an_unavailable_broker_with_exit_code_75(
    tmp_path: Path, form: tuple[str, ...]
) -> None:
    url = "redis://:hush@127.0.0.1:1/0"
    environ = {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", "AIRFLOW__CELERY__BROKER_URL": url}
    done = run_astro_runtime(tmp_path, "workers", *form, **environ)
    assert done.returncode == 75
    assert ('"schedulers": []' if form else "No scheduler follows the workers") in done.stdout
    assert done.stderr.splitlines()[-1] == "astro-runtime: could not query the broker: OperationalError"
    assert "hush" not in done.stderr


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_invalid_value_exits_78_with_a_single_message(tmp_path: Path, form: tuple[str, ...]) -> None:
    done = run_astro_runtime(tmp_path, "defaults", *form, AIRFLOW__CORE__PARALLELISM="none")
    assert done.returncode == 78
    assert done.stdout == ""
    assert done.stderr.startswith("astro-runtime: AIRFLOW__CORE__PARALLELISM holds 'none'; it must be")
    assert done.stderr.count("\n") == 1


def test_version_prints_release_and_airflow(tmp_path: Path) -> None:
    assert (
        run_astro_runtime(tmp_path, "version").stdout
        == f"Runtime {RELEASE} (Airflow {AIRFLOW}, astro-runtime 1.0.0)\n"
    )


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = run_astro_runtime(tmp_path, "--help")
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines() if line.strip()]
    assert names == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text(tmp_path: Path, name: str) -> None:
    done = run_astro_runtime(tmp_path, name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: astro-runtime {name} [OPTIONS]")


def test_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    done = run_astro_runtime(tmp_path, "table")  # a module of the package, but not a command
    assert done.returncode == 2
    assert "No such command 'table'" in done.stderr
