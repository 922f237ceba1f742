"""The container commands in operators' deployments of Airflow 2."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from testing.entrypoint_process import CHECKOUT, ENTRYPOINT, environment, start
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.servers import free_port
from testing.waiting import wait_until

UPGRADE = "(airflow db upgrade || airflow upgradedb)"
HEARTBEAT = (
    "select latest_heartbeat from job where job_type = 'SchedulerJob' and latest_heartbeat > start_date"
)


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "1",
        "AIRFLOW__WEBSERVER__SECRET_KEY": SECRET_KEY,
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        # With Airflow's 120 s, gunicorn on a busy machine could be too late with its worker.
        "AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "300",
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, environ: Mapping[str, str]) -> Path:
    """An AIRFLOW_HOME with the database that `airflow db upgrade` creates through the entrypoint."""
    path = tmp_path_factory.mktemp("commands")
    (path / "airflow.cfg").touch()
    (path / "dags").mkdir()
    process = start(path, "airflow", "db", "upgrade", environ=environ)
    assert process.returncode == 0, process.stderr
    assert "Database migrating done!" in process.stdout + process.stderr
    return path


def fetch_rows(home: Path, query: str) -> list[tuple[str]]:
    with closing(sqlite3.connect(home / "airflow.db", timeout=300)) as database:
        return database.execute(query).fetchall()


@contextmanager
def running(home: Path, environ: Mapping[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the entrypoint with `words` in a new session until the end of the block."""
    with open(home / "log", "wb") as log:
        process = subprocess.Popen(
            [*ENTRYPOINT, *words],
            env=environment(home, environ),
            cwd=CHECKOUT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if psutil.pid_exists(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_db_upgrade_creates_the_tables(home: Path) -> None:
    assert fetch_rows(home, "select version_num from alembic_version") == [("5f2621c13b39",)]


def test_scheduler_starts_after_an_upgrade_in_bash(home: Path, environ: Mapping[str, str]) -> None:
    with running(home, environ, "bash", "-c", f"{UPGRADE} && airflow scheduler") as process:
        assert wait_until(lambda: process.poll() is not None or fetch_rows(home, HEARTBEAT))
        scheduler = next(member for member in process_tree(process) if "scheduler" in words(member))
        variables = scheduler.environ()
        assert variables["AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"] == "512"
        assert variables["AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL"] == "30"
        os.killpg(process.pid, signal.SIGTERM)
        wait_until(lambda: not words(scheduler))
    assert fetch_rows(home, "select state from job where job_type = 'SchedulerJob'") == [("success",)]


def test_webserver_without_airflow_in_front_answers(home: Path, environ: Mapping[str, str]) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/health"
    with running(home, environ, "webserver", "-H", "127.0.0.1", "-p", str(port)) as process:
        health = wait_until(lambda: process.poll() is not None or fetch_health(url))
        assert health["metadatabase"] == {"status": "healthy"}
        assert "webserver" in psutil.Process(process.pid).cmdline()


def process_tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    root = psutil.Process(process.pid)
    return [root, *root.children(recursive=True)]


def words(process: psutil.Process) -> list[str]:
    """Return the command line, empty if the process has ended: Airflow has short-lived ones."""
    try:
        return list(process.cmdline()) if process.is_running() else []
    except psutil.NoSuchProcess:
        return []  # a zombie, too


def fetch_health(url: str) -> Any:
    try:
        return httpx.get(url).json()
    except httpx.TransportError:
        return None
