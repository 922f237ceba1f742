"""A store that answers late or refuses, and SIGTERM: the task goes on as without a store, and its log arrives whole."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.airflow2_installation import PATIENT_PODS, Airflow2, kill_shippers
from testing.airflow2_logs import assert_each_line_once, stored, wait_for_line, wait_for_whole
from testing.s3_server import BUCKET, S3Server
from testing.servers import Postgres
from testing.store_gate import OPEN, SILENT, StoreGate, store_gate
from testing.waiting import wait_until

URL = f"s3://{BUCKET}/hindered"
WARNING = "astro-runtime: task logs wait on this machine: "
REFUSALS = ("busy", "full", "forbidden")
SIGTERMS = ("stopped", "late", "pod")
DAG = """
import logging, os, time
from datetime import datetime
from airflow import DAG
from airflow.models import BaseOperator

HOME = os.environ["AIRFLOW_HOME"]
log = logging.getLogger("a.library")

class Wait(BaseOperator):
    def execute(self, context):
        number = 0
        while not os.path.exists(f"{HOME}/go-{context['run_id']}"):
            number += 1
            log.info("line %d of the task", number)
            time.sleep(0.05)
        log.info("the last line")

    def on_kill(self):
        for number in range(1, 101):
            log.info("line %d of its end", number)

with DAG("hindered", schedule=None, start_date=datetime(2026, 1, 1)):
    Wait(task_id="wait")
"""


@pytest.fixture(scope="module")
def store(s3: S3Server) -> LogStore:
    return s3.store(URL)


@pytest.fixture(scope="module")
def running_gate(s3: S3Server) -> Iterator[StoreGate]:
    with store_gate(s3.ports["s3"]) as running:
        yield running


@pytest.fixture
def gate(running_gate: StoreGate) -> Iterator[StoreGate]:
    yield running_gate
    running_gate.set(OPEN)


@pytest.fixture(scope="module")
def airflow(
    tmp_path_factory: pytest.TempPathFactory,
    s3: S3Server,
    running_gate: StoreGate,
    metadata: Postgres,
) -> Iterator[Airflow2]:
    """Create the runs of the tests, all without a scheduler."""
    environ = {**s3.environ(), "AWS_ENDPOINT_URL": running_gate.url}
    database = metadata.create("hindered", "migrated")
    airflow = Airflow2(tmp_path_factory.mktemp("home"), database, URL, "hindered", **environ)
    (airflow.home / "dags" / "logs.py").write_text(DAG)
    airflow.write_settings(PATIENT_PODS)
    airflow.create_runs("slow", *REFUSALS, *SIGTERMS)
    yield airflow
    airflow.close()


def warnings(airflow: Airflow2) -> int:
    return sum(path.read_text(errors="replace").count(WARNING) for path in airflow.home.glob("*.out"))


def end_task(airflow: Airflow2, process: subprocess.Popen[bytes], run: str) -> None:
    """Let a task go to its end, whatever its store does."""
    (airflow.home / f"go-{run}").touch()
    assert process.wait(300) == 0, airflow.describe()
    assert b"Task exited with return code 0" in airflow.local(airflow.path(run, "wait"))


def assert_whole(airflow: Airflow2, store: LogStore, run: str) -> bytes:
    """Assert that the store has each byte of a log, in one object, and return them."""
    path = airflow.path(run, "wait")
    whole = wait_for_whole(store, path, airflow)
    assert whole == airflow.local(path)
    assert_each_line_once(whole)
    return whole


def test_task_does_not_wait_for_a_slow_store(airflow: Airflow2, store: LogStore, gate: StoreGate) -> None:
    gate.set(SILENT)
    process = airflow.run_task("slow", "wait")
    wait_until(lambda: gate.counts[SILENT], airflow.describe)
    end_task(airflow, process, "slow")
    assert stored(store, airflow.path("slow", "wait")) == {}
    gate.set(OPEN)
    assert b"the last line" in assert_whole(airflow, store, "slow")
    assert warnings(airflow) <= 1


@pytest.mark.parametrize("reason", REFUSALS)
def test_task_does_not_fail_for_a_store_that_refuses(
    airflow: Airflow2, store: LogStore, gate: StoreGate, reason: str
) -> None:
    before = warnings(airflow)
    kill_shippers(airflow)  # one that was at rest prints no more: a component does, and there is none
    gate.set(reason)
    process = airflow.run_task(reason, "wait")
    wait_until(lambda: warnings(airflow) > before, airflow.describe)
    end_task(airflow, process, reason)
    assert stored(store, airflow.path(reason, "wait")) == {}
    gate.set(OPEN)
    assert b"the last line" in assert_whole(airflow, store, reason)
    assert warnings(airflow) == before + 1


def assert_end(log: bytes) -> None:
    """Assert that the log has what the task wrote when it was ended, and only Airflow's lines behind that."""
    last = log.decode().partition("line 100 of its end\n")[2]
    assert "Task exited with return code 143" in last, log.decode()[-5000:]
    assert "of its end" not in last
    assert log.count(b"of its end") == 100


def test_log_of_a_stopped_task_ends_with_what_it_wrote_then(airflow: Airflow2, store: LogStore) -> None:
    process = airflow.run_task("stopped", "wait")
    wait_for_line(airflow, store, airflow.path("stopped", "wait"), 10)
    process.send_signal(signal.SIGTERM)
    process.wait(300)
    assert_end(assert_whole(airflow, store, "stopped"))


def test_log_of_a_task_that_is_stopped_at_its_end_is_whole(airflow: Airflow2, store: LogStore) -> None:
    process = airflow.run_task("late", "wait")
    path = airflow.path("late", "wait")
    wait_for_line(airflow, store, path, 10)
    (airflow.home / "go-late").touch()
    wait_until(lambda: b"the last line" in airflow.local(path), airflow.describe, pause=0.001)
    process.send_signal(signal.SIGTERM)
    process.wait(300)
    whole = assert_whole(airflow, store, "late")
    assert b"the last line" in whole
    assert b"Task exited with return code" in whole


def writers(spool: Spool, path: str) -> list[int]:
    """Return the processes that the shipper takes for writers of a log."""
    entry = spool.entry(path)
    assert entry, "the shipper is done with the log"
    return [writer.pid for writer in entry.writers]


def test_pod_that_is_stopped_while_it_waits_for_the_store_loses_nothing(
    airflow: Airflow2, store: LogStore, gate: StoreGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = airflow.path("pod", "wait")
    kill_shippers(airflow)
    monkeypatch.setitem(airflow.environ, "AIRFLOW_IS_K8S_EXECUTOR_POD", "True")
    process = airflow.run_task("pod", "wait")
    wait_for_line(airflow, store, path, 10)
    gate.set(SILENT)
    (airflow.home / "go-pod").touch()
    spool = Spool(airflow.log_folder)
    wait_until(lambda: not writers(spool, path), airflow.describe, pause=0.01)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: b"Received SIGTERM" in airflow.local(path), airflow.describe, pause=0.01)
    assert writers(spool, path) == []  # else the shipper would wait for the pod, and the pod for the shipper
    gate.set(OPEN)
    process.wait(300)
    kill_shippers(airflow)  # nothing outlives a container
    assert stored(store, path) == {"": airflow.local(path)}
