"""The official Helm chart with the images: its jobs, components, probes, airflow.cfg and log groomer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from dev.images import NAME
from dev.versions import newest
from entrypoint.airflow_line import LINES
from testing.docker_engine import Container, assert_container_runs_cleanly, assert_no_complaints, run
from testing.expected_warnings import EXPECTED
from testing.waiting import wait_until
from tests.image import chart

# An operator's value in the chart's airflow.cfg, and the Runtime's default, calculated from the worker queues there.
SETTINGS = {"scheduler max_tis_per_query": "64", "core parallelism": "48"}
PRINT_LOADED_FILES = """
from airflow import configuration, settings
print(f"{configuration.AIRFLOW_CONFIG}: {len(settings.DASHBOARD_UIALERTS)} alert")
"""


class Jobs(NamedTuple):
    """The results of the release's jobs, and of an init container that was started before them."""

    release: chart.HelmRelease
    init_log: str
    migrate: CompletedProcess[str]
    init_exit_code: int
    create_user: CompletedProcess[str]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory, slim: str, line: str) -> Iterator[Jobs]:
    with chart.installed(line, slim, tmp_path_factory.mktemp("chart")) as release:
        with assert_container_runs_cleanly(
            slim, *chart.WAIT_FOR_MIGRATIONS, options=release.options()
        ) as waiting:
            waiting.wait_until_logged("Waiting for migrations")
            log = waiting.log()
            migrate = release.job(*chart.MIGRATE)
            exit_code = waiting.exit_code()
        yield Jobs(release, log, migrate, exit_code, release.job(*chart.CREATE_USER))


@pytest.fixture(scope="module")
def components(jobs: Jobs) -> Iterator[dict[str, Container]]:
    """Every component, each as one of the two users on one line and as the other user on the other line."""
    with ExitStack() as stack:
        first = LINES.index(jobs.release.line)
        users = {name: chart.USERS[(first + index) % 2] for index, name in enumerate(chart.COMPONENTS)}
        up = {name: stack.enter_context(jobs.release.component(name, user)) for name, user in users.items()}
        for component in up.values():
            component.wait_until_healthy()
        yield up


def test_init_container_waits_for_the_migration_and_jobs_succeed(jobs: Jobs) -> None:
    assert "Waiting for migrations" in jobs.init_log
    assert (jobs.migrate.returncode, jobs.init_exit_code, jobs.create_user.returncode) == (0, 0, 0), jobs
    assert 'User "admin" created with role "Admin"' in jobs.create_user.stdout


@pytest.mark.parametrize("name", chart.PROBES)
def test_probe_succeeds(components: dict[str, Container], name: str) -> None:
    def probe() -> CompletedProcess[str]:
        return run("exec", components[name].name, "sh", "-c", chart.PROBES[name])

    # The kubelet tries several times, too: Celery waits for a worker's reply for a second only.
    assert wait_until(lambda: probe().returncode == 0, lambda: str(probe()))


def test_web_servers_probe_succeeds(components: dict[str, Container], line: str) -> None:
    with urlopen(f"http://{components['web'].address()}{chart.HEALTH[line]}", timeout=300) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("setting", SETTINGS)
def test_airflow_cfg_overrides_the_runtimes_defaults(components: dict[str, Container], setting: str) -> None:
    output = components["scheduler"].exec("airflow", "config", "get-value", *setting.split())
    assert output.splitlines()[-1] == SETTINGS[setting]


def test_mounted_cfg_and_local_settings_are_loaded(components: dict[str, Container]) -> None:
    output = components["scheduler"].exec("python", "-c", PRINT_LOADED_FILES)
    assert output.splitlines()[-1] == f"{chart.HOME}/airflow.cfg: 1 alert"


def test_jobs_log_no_warnings(jobs: Jobs) -> None:
    logs = [jobs.migrate.stdout + jobs.migrate.stderr, jobs.create_user.stdout + jobs.create_user.stderr]
    assert_no_complaints("\n".join(logs), EXPECTED)


@pytest.mark.parametrize("user", chart.USERS)
def test_log_groomer_deletes_old_logs_and_exits_on_sigterm(slim: str, tmp_path: Path, user: str) -> None:
    old, new = tmp_path / "old.log", tmp_path / "new.log"
    tmp_path.chmod(0o777)
    for path, days in ((old, 16), (new, 14)):
        path.write_text("")
        os.utime(path, (time.time() - days * 86400,) * 2)
    environ = {"AIRFLOW_HOME": chart.HOME} | chart.GROOMING
    options = [f"--env={name}={value}" for name, value in environ.items()]
    options += [f"--user={user}:0", "--cap-drop=ALL", f"--volume={tmp_path}:{chart.HOME}/logs"]
    with assert_container_runs_cleanly(slim, *chart.LOG_GROOMER, options=options) as groomer:
        wait_until(lambda: not old.exists(), groomer.log)
        assert (new.exists(), groomer.stop()) == (True, 143)


def test_values_name_the_current_releases() -> None:
    row, other = map(newest, LINES)
    names = [
        chart.VALUES[name] for name in ("defaultAirflowRepository", "defaultAirflowTag", "airflowVersion")
    ]
    assert names == [NAME, row["release"], row["airflow"]]
    text = chart.VALUES_FILE.read_text()
    assert f'For the 2.11 line "{other["release"]}"' in text
    assert f'For the 2.11 line "{other["airflow"]}"' in text
