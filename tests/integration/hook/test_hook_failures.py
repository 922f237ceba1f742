"""A startup hook that fails, or has nothing to do, leaves Airflow unchanged; a failure logs one warning."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from entrypoint.record import RECORD_VARIABLE
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import INTERVAL
from testing.proof import copy_migrated_database, templates_folder
from testing.servers import free_port
from tests.integration.hook import expected, probe

WARNING = "astro-runtime: Airflow starts without the Runtime's defaults: "
BAD_QUEUES = {"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": "no JSON"}
PARALLELISM = ("config", "get-value", "core", "parallelism")
BROKEN = {
    "raise RuntimeError('boom')": "RuntimeError: boom",
    "": "ModuleNotFoundError: No module named 'entrypoint.build_environment'",
    "raise SystemExit(3)": "SystemExit: 3",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    probe.create_home(home)
    return home


def airflow(home: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    environ = probe.probe_environment(home, extra)
    return subprocess.run(["airflow", *words], env=environ, capture_output=True, text=True, timeout=300)


def test_stdout_of_a_command_is_only_that_of_airflow(home: Path) -> None:
    done = airflow(home, *PARALLELISM, AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES=expected.QUEUES)
    assert (done.returncode, done.stdout) == (0, "15\n")
    assert "astro-runtime" not in done.stderr


def test_example_dags_are_added_without_a_warning(home: Path) -> None:
    done = airflow(home, "version", AIRFLOW__ASTRO_RUNTIME__LOAD_EXAMPLES="True")
    assert (done.returncode, done.stdout) == (0, f"{metadata.version('apache-airflow')}\n")
    assert "astro-runtime" not in done.stderr


def test_unusable_value_leaves_airflow_unchanged(home: Path) -> None:
    done = airflow(home, *PARALLELISM, **BAD_QUEUES)
    assert (done.returncode, done.stdout) == (0, "32\n")
    assert (
        done.stderr.count(WARNING + "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES holds 'no JSON'; it must be") == 1
    )
    assert done.stderr.count(WARNING) == 1


@pytest.mark.parametrize("source", BROKEN)
def test_broken_install_leaves_airflow_unchanged(home: Path, tmp_path: Path, source: str) -> None:
    (tmp_path / "entrypoint").mkdir()
    (tmp_path / "entrypoint" / "__init__.py").write_text(source)
    done = airflow(home, "version", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, f"{metadata.version('apache-airflow')}\n")
    assert done.stderr.count(f"{WARNING}{BROKEN[source]}\n") == 1
    assert done.stderr.count(WARNING) == 1
    assert "record of this component" not in done.stderr


def test_component_and_its_children_warn_once(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home, port = tmp_path / "home", str(free_port())
    probe.create_home(home)
    copy_migrated_database(templates_folder(tmp_path_factory), home)
    # With Airflow's 120 s, gunicorn on a busy machine could be too late with its workers.
    master_timeout = {"AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "300"}
    environ = probe.probe_environment(home, {**BAD_QUEUES, **master_timeout})
    with probe.run_components(home, environ, expected.web(port)):
        probe.wait_for_web_server(f"http://{expected.HOST}:{port}{expected.WEB_PATH}")
        reports = probe.wait_for_reports(
            home, "process", lambda reports: len(of_servers(reports)) >= expected.WEB_PROCESSES
        )
    assert {report["values"]["AIRFLOW__CORE__PARALLELISM"] for report in of_servers(reports)} == {"32"}
    assert {report["record"] for report in of_servers(reports)} == {None}
    assert (home / f"{expected.WEB}.log").read_text().count(WARNING) == 1


def of_servers(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [report for report in reports if report["argv"][1:2] != ["db"]]


def test_override_in_a_shell_of_the_container_counts(home: Path) -> None:
    """The shell has the entrypoint's exports, the setting's first name among them; the operator sets another name."""
    section, option = (word.lower() for word in INTERVAL.split("__")[1:])
    get_value = f"airflow config get-value {section} {option}"
    script = f"export {expected.OLDER_INTERVAL}=99; echo ${RECORD_VARIABLE}; {get_value}"
    done = subprocess.run(
        [sys.executable, "-m", "entrypoint", "bash", "-c", script],
        env=probe.probe_environment(home),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    record, *_, value = done.stdout.splitlines()  # between them Airflow may warn about the old name
    assert [row[2] for row in json.loads(record) if row[1] == INTERVAL] == ["30"]
    assert value == "99"


def test_airflow_as_a_library_is_unchanged(home: Path) -> None:
    source = """
import sys
from airflow.configuration import conf
print(conf.getint("core", "parallelism"), "astro_runtime_plugin.startup_hook" in sys.modules)
"""
    environ = probe.probe_environment(home, {"_AIRFLOW__AS_LIBRARY": "1"})
    done = subprocess.run([sys.executable, "-c", source], env=environ, capture_output=True, text=True)
    assert (done.stdout, "astro-runtime" in done.stderr) == ("32 False\n", False)
