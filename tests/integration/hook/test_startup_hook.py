"""The startup hook and the fixes in real processes of each kind, none started by the entrypoint."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.fixes.registry import load_fixes
from entrypoint.record import RECORD_VARIABLE
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.progress import announce
from testing.servers import free_port, postgres, redis
from testing.waiting import wait_until
from tests.integration.hook import expected, fix_probe, probe
from tests.integration.hook.carriers import CARRIERS, ONCE

PODS = 50  # that are run until each process of a pod has reported


@pytest.fixture(scope="module")
def home(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a whole Airflow with CeleryExecutor, whose task has reported."""
    home, port = tmp_path_factory.mktemp("hook"), str(free_port())
    announce(pytestconfig, "every component of an Airflow with CeleryExecutor")
    probe.create_home(home, expected.CFG)
    with postgres() as server, redis() as broker, ExitStack() as stack:
        settings = expected.celery_settings(server.create("airflow"), broker, port)
        environ = probe.probe_environment(home, {**settings, **fix_probe.add_fix(home)})
        migration = subprocess.run(["airflow", "db", "migrate"], env=environ, capture_output=True, text=True)
        assert migration.returncode == 0, migration.stderr
        pods = server.create("pods", "airflow")
        stack.enter_context(probe.run_components(home, environ, expected.web(port)))
        # Without it 3.3's task fails.
        probe.wait_for_web_server(f"http://{expected.HOST}:{port}{expected.WEB_PATH}")
        stack.enter_context(probe.run_components(home, environ, expected.COMPONENTS))
        for kind in (*expected.INSIDE, *expected.READERS):
            probe.wait_for_reports(home, kind)
        probe.wait_for_reports(
            home, "process", lambda reports: all(of_kind(reports, kind) for kind in expected.LOGS)
        )
        run_pods(environ, home)
        run_scheduler_of_pods(environ, home, pods)
        probe.wait_for_reports(
            home, "fix", lambda reports: all(any(map(each.sent, reports)) for each in CARRIERS.values())
        )
        yield home


def run_pods(environ: dict[str, str], home: Path) -> None:
    """Run what a pod of the KubernetesExecutor does, for a task that the scheduler has not queued: it ends at once.

    Airflow 3 kills the task's process as soon as the API server refuses it, at times before the process has begun.
    """
    in_pods = [carrier for kind, carrier in CARRIERS.items() if kind.endswith("Kubernetes pod")]
    for _ in range(PODS):
        subprocess.run(expected.POD, env=environ, capture_output=True, timeout=300)
        reports = probe.read_reports(home, "fix")
        if all(any(map(each.sent, reports)) for each in in_pods):
            return


def run_scheduler_of_pods(environ: dict[str, str], home: Path, database: str) -> None:
    """Run a scheduler with KubernetesExecutor; it ends at once, since there is no cluster."""
    (home / "pods").mkdir()
    (home / "pods" / "reports").symlink_to(home / "reports")
    settings = {
        "AIRFLOW_HOME": str(home / "pods"),
        "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "KUBECONFIG": "/dev/null",
    }
    command = ["airflow", "scheduler", ONCE, "1"]
    subprocess.run(command, env={**environ, **settings}, capture_output=True, timeout=300)


def of_kind(reports: list[Any], kind: str) -> list[Any]:
    """Return the reports of `airflow KIND`, and of `KIND/__main__.py`, a module that is run."""
    return [
        report for report in reports if kind in (*Path(report["argv"][0]).parts[-2:], *report["argv"][1:2])
    ]


@pytest.fixture(scope="module")
def record(home: Path) -> str:
    """The entrypoint's record for the same environment and airflow.cfg."""
    environ = probe.probe_environment(home, expected.celery_settings("sqlite:///none", "redis://none", "0"))
    words = [sys.executable, "-m", "entrypoint", "printenv", RECORD_VARIABLE]
    done = subprocess.run(words, env=environ, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_entrypoint_has_the_expected_values(record: str) -> None:
    assert {row[1]: row[2] for row in json.loads(record)} == expected.VALUES


@pytest.mark.parametrize("kind", expected.LOGS)
def test_component_has_the_values_and_the_record_of_the_entrypoint(
    home: Path, record: str, kind: str
) -> None:
    reports = of_kind(probe.wait_for_reports(home, "process"), kind)
    assert reports
    for report in reports:
        assert report["values"] == expected.IN_CONF
        assert report["record"] == record


@pytest.mark.parametrize("reader", expected.READERS)
def test_task_has_the_values_and_the_record_with_every_reader(home: Path, record: str, reader: str) -> None:
    for report in probe.wait_for_reports(home, reader):
        assert report["values"] == expected.IN_CONF
        assert report["record"] == record


@pytest.mark.parametrize("kind", expected.INSIDE)
def test_objects_of_airflow_use_the_values(home: Path, kind: str) -> None:
    (report,) = probe.wait_for_reports(home, kind)
    assert report["inside"] == {name: value for name, (_, value) in expected.INSIDE[kind].items()}


@pytest.mark.parametrize("kind", CARRIERS)
def test_process_carries_the_fixes_of_the_modules_that_it_imports(home: Path, kind: str) -> None:
    """The module of the probe's own fix is among them, and its function is the fixed one: it has reported."""
    carrier = CARRIERS[kind]
    reports = [report for report in probe.wait_for_reports(home, "fix") if carrier.sent(report)]
    assert reports
    for report in reports:
        assert carrier.module in report["imported"]
        assert report["applied"] == expected.fixes_of(report["imported"])


@pytest.mark.parametrize("kind", CARRIERS)
def test_process_carries_the_fixes_that_it_needs(home: Path, kind: str) -> None:
    """A process needs a fix from the moment that it imports the module at fault, which may be after its report."""

    def missing() -> list[set[str]]:
        later = dict(probe.wait_for_reports(home, "applied"))
        reports = filter(CARRIERS[kind].sent, probe.wait_for_reports(home, "fix"))
        carried = [{*report["applied"], *later.get(report["pid"], [])} for report in reports]
        return [CARRIERS[kind].fixes - fixes for fixes in carried]

    assert wait_until(lambda: missing() and not any(missing()), lambda: f"{missing()}\n{probe.logs(home)}")


def test_each_fix_is_needed_by_a_kind_of_process() -> None:
    needed = set().union(*(carrier.fixes for carrier in CARRIERS.values()))
    assert needed == {fix.id for fix in load_fixes() if LINE in fix.lines}


@pytest.mark.parametrize("kind", sorted(set(expected.LOGS.values())))
def test_forwarded_override_is_logged_once_by_each_component(home: Path, kind: str) -> None:
    log = (home / f"{kind}.log").read_text()
    assert log.count(expected.FORWARDED) == 1
    assert "Airflow starts without" not in log
