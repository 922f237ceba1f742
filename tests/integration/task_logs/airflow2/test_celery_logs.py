"""Celery workers of Airflow 2 with a store in S3: killed with all their children, removed with their disks."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.airflow2_logs import (
    Airflow2,
    LogReader,
    assert_each_line_once,
    children,
    shippers,
    wait_for_line,
    wait_for_whole,
    web_server,
)
from testing.s3_server import BUCKET, S3Server
from testing.servers import Postgres, redis
from testing.waiting import wait_until

URL = f"s3://{BUCKET}/airflow2/prefix"
READY = "ready."
Worker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def store(s3: S3Server) -> LogStore:
    return s3.store(URL)


@pytest.fixture(scope="module")
def airflow(
    tmp_path_factory: pytest.TempPathFactory, s3: S3Server, server: Postgres, migrated: str
) -> Iterator[Airflow2]:
    """Run a scheduler; its tasks wait for a worker."""
    database = server.create("celery_logs", migrated)
    with redis() as broker:
        variables = {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",  # tasks that were killed keep their slots
            **s3.environ(),
        }
        airflow = Airflow2(tmp_path_factory.mktemp("celery"), database, URL, "alone", **variables)
        airflow.airflow("dags", "reserialize")
        airflow.start("scheduler", "scheduler")
        yield airflow
        airflow.close()


@pytest.fixture(scope="module")
def reader(airflow: Airflow2) -> Iterator[LogReader]:
    with web_server(airflow) as reader:
        yield reader


@pytest.fixture
def start_worker(airflow: Airflow2, tmp_path: Path) -> Iterator[Worker]:
    """Start workers, each after the end of the one before; their log server is never there."""
    workers: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        name = f"worker-{tmp_path.name}-{len(workers)}"
        words = ["celery", "worker", "--skip-serve-logs", "-H", f"{name}@%h"]
        worker = airflow.start(name, *words, AIRFLOW__CELERY__TASK_ACKS_LATE="False")
        workers.append(worker)
        wait_until(lambda: READY in (airflow.home / f"{name}.out").read_text(), airflow.describe)
        return worker

    yield start
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            kill_with_children(worker)


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all below it at once."""
    family = children(process)
    process.kill()
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait(60)


def kill_shipper(airflow: Airflow2) -> None:
    for shipper in shippers(airflow):
        shipper.kill()


def run_until_line(airflow: Airflow2, store: LogStore, run: str, number: int) -> str:
    """Trigger a run, wait until its task has written a line into the store, and return the log's path."""
    airflow.airflow("dags", "trigger", airflow.dag, "--run-id", run)
    path = airflow.path(run, "wait")
    wait_for_line(airflow, store, path, number)
    return path


def test_log_of_a_killed_worker_is_complete(
    airflow: Airflow2, store: LogStore, reader: LogReader, start_worker: Worker
) -> None:
    worker = start_worker()
    path = run_until_line(airflow, store, "killed", 20)
    kill_with_children(worker)
    whole = wait_for_whole(store, path, airflow)
    assert whole == airflow.local(path)
    last = assert_each_line_once(whole)
    assert assert_each_line_once(reader.text("killed", "wait")) == last


def test_next_worker_sends_what_a_machine_that_died_has_left(
    airflow: Airflow2, store: LogStore, start_worker: Worker
) -> None:
    worker = start_worker()
    path = run_until_line(airflow, store, "left", 20)
    kill_shipper(airflow)
    kill_with_children(worker)
    kill_shipper(airflow)
    start_worker()
    whole = wait_for_whole(store, path, airflow)
    assert whole == airflow.local(path)
    assert_each_line_once(whole)


def test_log_of_a_removed_machine_is_there_but_for_its_last_second(
    airflow: Airflow2, store: LogStore, reader: LogReader, start_worker: Worker
) -> None:
    worker = start_worker()
    path = run_until_line(airflow, store, "removed", 60)
    kill_with_children(worker)
    kill_shipper(airflow)
    shutil.rmtree(airflow.log_folder)
    text = reader.text("removed", "wait")
    assert assert_each_line_once(text) >= 60
    assert "does not answer" not in text
    assert [found.key for found in store.list(path)]


def test_task_goes_on_while_the_store_is_away(
    airflow: Airflow2, s3: S3Server, store: LogStore, reader: LogReader, start_worker: Worker
) -> None:
    start_worker()
    path = run_until_line(airflow, store, "away", 20)
    s3.stop()
    try:
        (airflow.home / "go-away").touch()
        wait_until(lambda: reader.state("away", "wait") == "success", airflow.describe)
    finally:
        s3.start()
    whole = wait_for_whole(store, path, airflow)
    assert whole == airflow.local(path)
    assert b"the last line" in whole
    assert_each_line_once(whole)
