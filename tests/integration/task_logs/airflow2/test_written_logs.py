"""What `airflow tasks run` writes reaches the store byte for byte, whichever of its processes is killed."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.airflow2_installation import (
    PATIENT_PODS,
    Airflow2,
    children,
    kill_shippers,
    kill_with_children,
    shippers,
)
from testing.airflow2_logs import assert_each_line_once, stored, wait_for_line, wait_for_whole
from testing.servers import Postgres
from testing.waiting import wait_until

RUN = "run"


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return FolderStore(str(tmp_path / "store"))


@pytest.fixture
def airflow(tmp_path: Path, store: LogStore, metadata: Postgres) -> Iterator[Airflow2]:
    database = metadata.create(f"written_{abs(hash(tmp_path))}", "migrated")
    airflow = Airflow2(tmp_path / "home", database, f"file://{tmp_path}/store")
    airflow.create_run(RUN)
    yield airflow
    airflow.close()


def test_everything_that_a_task_writes_is_in_one_object(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "talk")
    assert airflow.run_task(RUN, "talk").wait(300) == 0
    text = wait_for_whole(store, path, airflow)
    assert text == airflow.local(path)
    for expected in (
        "from a library",
        "INFO - from stdout",
        "WARNING - from stderr",
        "snowman ☃, emoji 🚀",
        "x" * 1_000_000 + "end of the long line",
        "from a forked process",
        "after the forked process",
        "from the callback",
        "Task exited with return code 0",
    ):
        assert text.decode().count(expected) == 1, expected


def test_running_task_is_in_the_store(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "wait")
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, path, 30)
    assert process.poll() is None
    assert all(re.fullmatch(r"\.[0-9]{12}", name) for name in stored(store, path))
    (airflow.home / f"go-{RUN}").touch()
    assert process.wait(300) == 0
    text = wait_for_whole(store, path, airflow)
    assert text == airflow.local(path)
    assert_each_line_once(text)


def test_killed_task_keeps_what_it_and_its_job_wrote(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "wait")
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, path, 10)
    for child in children(process):
        child.kill()
    process.wait(300)
    text = wait_for_whole(store, path, airflow)
    assert text == airflow.local(path)
    assert_each_line_once(text)
    assert b"Task exited with return code -9" in text


def test_task_goes_on_in_the_same_log_after_its_job_was_killed(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "wait")
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, path, 10)
    process.send_signal(signal.SIGKILL)
    process.wait(300)
    lines = airflow.local(path).count(b" of the task")
    wait_for_line(airflow, store, path, lines + 60)  # longer than it takes to notice a dead writer
    (airflow.home / f"go-{RUN}").touch()
    text = wait_for_whole(store, path, airflow)
    assert text == airflow.local(path)
    assert_each_line_once(text)
    assert b"the last line" in text


def test_nothing_is_lost_when_all_processes_are_killed(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "wait")
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, path, 10)
    kill_with_children(process)
    text = wait_for_whole(store, path, airflow)
    assert text == airflow.local(path)
    assert_each_line_once(text)


def test_shipper_that_is_killed_is_replaced(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "wait")
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, path, 10)
    # Where the first takes long to start, another is, which ends then.
    (shipper,) = wait_until(lambda: len(found := shippers(airflow)) == 1 and found)
    shipper.kill()
    wait_until(lambda: [each for each in shippers(airflow) if each.pid != shipper.pid], airflow.describe)
    (airflow.home / f"go-{RUN}").touch()
    assert process.wait(300) == 0
    text = wait_for_whole(store, path, airflow)
    assert text == airflow.local(path)
    assert_each_line_once(text)


def test_local_log_goes_when_the_store_has_it(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "wait")
    airflow.environ["AIRFLOW__LOGGING__DELETE_LOCAL_LOGS"] = "True"
    process = airflow.run_task(RUN, "wait")
    wait_for_line(airflow, store, path, 30)
    assert airflow.local(path)
    (airflow.home / f"go-{RUN}").touch()
    assert process.wait(300) == 0
    wait_until(lambda: not airflow.local(path), airflow.describe)
    text = wait_for_whole(store, path, airflow)
    assert_each_line_once(text)
    assert b"the last line" in text
    assert b"Task exited with return code 0" in text


def test_container_of_a_task_ends_when_the_store_has_the_log(airflow: Airflow2, store: LogStore) -> None:
    path = airflow.path(RUN, "talk")
    airflow.environ["AIRFLOW_IS_K8S_EXECUTOR_POD"] = "True"
    airflow.write_settings(PATIENT_PODS)
    assert airflow.run_task(RUN, "talk").wait(300) == 0
    kill_shippers(airflow)  # nothing outlives a container
    assert stored(store, path) == {"": airflow.local(path)}
    assert b"Task exited with return code 0" in airflow.local(path)
