"""What the startup hook does where it fails, or has nothing to do: Airflow as stock, one warning, no harm."""

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
from testing.servers import free_port
from tests.integration.hook import expected, probe

WARNING = "astro-runtime: Airflow starts without the Runtime's defaults: "
BAD_QUEUES = {"AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": "no JSON"}
PARALLELISM = ("config", "get-value", "core", "parallelism")
BROKEN = {
    "raise RuntimeError('boom')": "RuntimeError: boom",
    "": "ModuleNotFoundError: No module named 'entrypoint.defaults'",
    "raise SystemExit(3)": "SystemExit: 3",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    probe.make(home)
    return home


def airflow(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = probe.environment(home, more)
    return subprocess.run(["airflow", *words], env=environ, capture_output=True, text=True, timeout=300)


def test_stdout_of_a_command_stays_airflow_s(home: Path) -> None:
    done = airflow(home, *PARALLELISM, AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES=expected.QUEUES)
    assert (done.returncode, done.stdout) == (0, "15\n")
    assert "astro-runtime" not in done.stderr


def test_asked_for_the_example_dags_airflow_starts_without_a_warning(home: Path) -> None:
    done = airflow(home, "version", AIRFLOW__ASTRO_RUNTIME__LOAD_EXAMPLES="True")
    assert (done.returncode, done.stdout) == (0, f"{metadata.version('apache-airflow')}\n")
    assert "astro-runtime" not in done.stderr


def test_a_value_that_cannot_work_leaves_airflow_as_stock(home: Path) -> None:
    done = airflow(home, *PARALLELISM, **BAD_QUEUES)
    assert (done.returncode, done.stdout) == (0, "32\n")
    assert (
        done.stderr.count(WARNING + "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES holds 'no JSON'; it must be") == 1
    )
    assert done.stderr.count(WARNING) == 1


@pytest.mark.parametrize("source", BROKEN)
def test_a_broken_install_leaves_airflow_as_stock(home: Path, tmp_path: Path, source: str) -> None:
    (tmp_path / "entrypoint").mkdir()
    (tmp_path / "entrypoint" / "__init__.py").write_text(source)
    done = airflow(home, "version", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, f"{metadata.version('apache-airflow')}\n")
    assert done.stderr.count(f"{WARNING}{BROKEN[source]}\n") == 1
    assert done.stderr.count(WARNING) == 1


def test_a_component_warns_once_with_all_its_child_processes(tmp_path: Path) -> None:
    home, port = tmp_path / "home", str(free_port())
    probe.make(home)
    environ = probe.environment(home, BAD_QUEUES)
    migration = subprocess.run(["airflow", "db", "migrate"], env=environ, capture_output=True, text=True)
    assert migration.returncode == 0, migration.stderr
    with probe.running(home, environ, expected.web(port)):
        probe.answers(f"http://{expected.HOST}:{port}{expected.WEB_ANSWERS_AT}")
        told = probe.seen(home, "process", lambda told: len(servers(told)) >= expected.WEB_PROCESSES)
    assert {one["values"]["AIRFLOW__CORE__PARALLELISM"] for one in servers(told)} == {"32"}
    assert {one["record"] for one in servers(told)} == {None}
    assert (home / f"{expected.WEB}.log").read_text().count(WARNING) == 1


def servers(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in told if one["argv"][1:2] != ["db"]]


def test_what_an_operator_sets_in_a_shell_of_the_container_counts(home: Path) -> None:
    """The shell has what the entrypoint exported, the setting's first name among it; the operator sets another."""
    section, option = (word.lower() for word in INTERVAL.split("__")[1:])
    script = f"export {expected.OTHER_INTERVAL}=99; echo ${RECORD_VARIABLE}; airflow config get-value {section} {option}"
    done = subprocess.run(
        [sys.executable, "-m", "entrypoint", "bash", "-c", script],
        env=probe.environment(home),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    record, *_, value = done.stdout.splitlines()  # between them Airflow may say that the name is an old one
    assert [row[2] for row in json.loads(record) if row[1] == INTERVAL] == ["30"]
    assert value == "99"


def test_airflow_as_a_library_is_left_alone(home: Path) -> None:
    source = """
import sys
from airflow.configuration import conf
print(conf.getint("core", "parallelism"), "astro_runtime_plugin.startup_hook" in sys.modules)
"""
    environ = probe.environment(home, {"_AIRFLOW__AS_LIBRARY": "1"})
    done = subprocess.run([sys.executable, "-c", source], env=environ, capture_output=True, text=True)
    assert (done.stdout, "astro-runtime" in done.stderr) == ("32 False\n", False)
