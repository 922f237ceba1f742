"""Airflow 2's own remote logging: what it loses, and that it reads what the Runtime has written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.airflow2_installation import Airflow2, kill_with_children, without_shipper
from testing.airflow2_logs import assert_each_line_once, stored, wait_for_line, wait_for_whole
from testing.entrypoint_process import CHECKOUT
from testing.s3_server import BUCKET, S3Server
from testing.servers import Postgres
from testing.waiting import wait_until

RUN = "run"
READ = """
import sys
from airflow.models.taskinstance import TaskInstance
from airflow.utils.log.log_reader import TaskLogReader
from airflow.utils.session import create_session

with create_session() as session:
    task = session.query(TaskInstance).filter_by(run_id=sys.argv[1], task_id=sys.argv[2]).one()
    print("LOG", *TaskLogReader().read_log_stream(task, 1, {}), sep="")
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture
def store(s3: S3Server, url: str) -> LogStore:
    return s3.store(url)


@pytest.fixture
def stock(s3: S3Server, url: str) -> dict[str, str]:
    """Return the variables of Airflow's own remote logging."""
    return {
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": url,
        "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "aws_default",
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        **s3.environ(),
    }


@pytest.fixture
def database(metadata: Postgres, tmp_path: Path) -> str:
    return metadata.create(f"stock_{abs(hash(tmp_path))}", "migrated")


@pytest.fixture
def folder_airflow(tmp_path: Path, database: str) -> Iterator[Airflow2]:
    yield from started(tmp_path / "home", database, f"file://{tmp_path}/store", {})


def started(home: Path, database: str, store: str, variables: dict[str, str]) -> Iterator[Airflow2]:
    airflow = Airflow2(home, database, store, "alone", **variables)
    airflow.create_run(RUN)
    yield airflow
    airflow.close()


@pytest.fixture
def stock_airflow(tmp_path: Path, database: str, stock: dict[str, str]) -> Iterator[Airflow2]:
    yield from started(tmp_path / "home", database, "", stock)


@pytest.fixture
def airflow(tmp_path: Path, database: str, url: str, s3: S3Server) -> Iterator[Airflow2]:
    yield from started(tmp_path / "home", database, url, s3.environ())


def read_as_stock(airflow: Airflow2, stock: dict[str, str]) -> str:
    """Return the log as Airflow's own handler reads it on another machine, with the Runtime's setting removed."""
    ours = ("AIRFLOW__ASTRO_RUNTIME__TASK_LOGS", "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS")
    environ = {name: text for name, text in airflow.environ.items() if name not in ours}
    elsewhere = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(airflow.home / "elsewhere")}
    done = subprocess.run(
        [sys.executable, "-c", READ, RUN, "wait"],
        env={**environ, **elsewhere, **stock},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "LOG" in done.stdout, done.stderr
    return done.stdout.partition("LOG")[2]


def test_stock_has_nothing_of_a_running_task_and_of_a_killed_one(
    stock_airflow: Airflow2, store: LogStore
) -> None:
    path = stock_airflow.path(RUN, "wait")
    process = stock_airflow.run_task(RUN, "wait")
    wait_until(lambda: b"line 20 of the task" in stock_airflow.local(path), stock_airflow.describe)
    assert stored(store, path) == {}
    kill_with_children(process)
    assert stored(store, path) == {}


def test_stock_reads_a_log_that_is_one_object(
    airflow: Airflow2, store: LogStore, stock: dict[str, str]
) -> None:
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, airflow.path(RUN, "wait"), 20)
    (airflow.home / f"go-{RUN}").touch()
    assert process.wait(300) == 0
    last = assert_each_line_once(wait_for_whole(store, airflow.path(RUN, "wait"), airflow))
    text = read_as_stock(airflow, stock)
    assert assert_each_line_once(text) == last
    assert "Task exited with return code 0" in text


def test_stock_reads_a_shared_folder_as_its_log_folder(folder_airflow: Airflow2, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store, path = FolderStore(str(folder)), folder_airflow.path(RUN, "wait")
    process = folder_airflow.run_task(RUN, "wait")
    wait_for_line(folder_airflow, store, path, 20)
    (folder_airflow.home / f"go-{RUN}").touch()
    assert process.wait(300) == 0
    last = assert_each_line_once(wait_for_whole(store, path, folder_airflow))
    text = read_as_stock(folder_airflow, {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder)})
    assert assert_each_line_once(text) == last
    assert "Task exited with return code 0" in text


def test_stock_reads_a_log_that_is_still_in_chunks(
    airflow: Airflow2, store: LogStore, stock: dict[str, str]
) -> None:
    process = airflow.run_task(RUN, "wait")
    path = airflow.path(RUN, "wait")
    wait_for_line(airflow, store, path, 60)
    wait_until(lambda: len(stored(store, path)) > 1, airflow.describe)  # a slow shipper sends much at a time
    with without_shipper(airflow):
        kill_with_children(process)
    assert len(stored(store, path)) > 1
    assert assert_each_line_once(read_as_stock(airflow, stock)) >= 60
