"""Celery workers of Airflow 2 with a store in S3: killed with all their children, removed with their disks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.airflow2_installation import Airflow2, kill_shippers, kill_with_children, without_shipper
from testing.airflow2_log_reader import LogReader
from testing.airflow2_logs import assert_each_line_once, wait_for_line, wait_for_whole
from testing.printed_lines import assert_printed_once, printed_lines
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
def airflow(tmp_path_factory: pytest.TempPathFactory, s3: S3Server, metadata: Postgres) -> Iterator[Airflow2]:
    """Run a scheduler; its tasks wait for a worker."""
    database = metadata.create("celery_logs", "migrated")
    with redis() as broker:
        variables = {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_TO_STDOUT": "True",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",  # tasks that were killed keep their slots
            **s3.environ(),
        }
        airflow = Airflow2(tmp_path_factory.mktemp("celery"), database, URL, "alone", **variables)
        airflow.airflow("dags reserialize")
        airflow.start("scheduler", "scheduler")
        yield airflow
        airflow.close()


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
        kill_with_children(worker)


def run_until_line(airflow: Airflow2, store: LogStore, run: str, number: int) -> str:
    """Trigger a run, wait until its task has written a line into the store, and return the log's path."""
    airflow.airflow(f"dags trigger {airflow.dag} --run-id {run}")
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
    with without_shipper(airflow):
        kill_with_children(worker)
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
    kill_shippers(airflow)
    airflow.log_folder.rename(airflow.home / "removed")  # at once: the scheduler looks into it
    shutil.rmtree(airflow.home / "removed")
    text = reader.text("removed", "wait")
    assert assert_each_line_once(text) >= 60
    assert "does not answer" not in text
    assert store.list(path)


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
    outputs = "\n".join(file.read_text(errors="replace") for file in airflow.home.glob("worker-*.out"))
    lines = [line for line in printed_lines(outputs) if line["run_id"] == "away"]
    assert {line["log"] for line in lines} == {path}
    assert_printed_once(lines, airflow.log_folder / path)
