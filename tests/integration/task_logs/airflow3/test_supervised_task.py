"""A task of Airflow 3 under a real supervisor: its log in the store while it runs, and after a kill or a deferral."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from testing.execution_api import Answer
from testing.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from testing.supervised_task import LOG, SupervisedTask
from testing.task_logs import keys, stored, until_stored
from testing.waiting import wait_until
from tests.integration.task_logs.airflow3.conftest import RunDag
from tests.integration.task_logs.conftest import Place

DAG = """
import os, time
from datetime import timedelta
from pathlib import Path
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import TaskDeferred

with DAG("dag"):
    @task
    def task():
        part = os.environ["PART"]
        print(f"part {part} begins \\u2603")
        print("binary \\x00\\x1b[0m, and long: " + "x" * 1_000_000)
        Path(os.environ["FOLDER"], "reached").touch()
        while not Path(os.environ["FOLDER"], "go").exists():
            time.sleep(0.05)
        print(f"part {part} ends")
        if os.environ.get("DEFERS"):
            raise TaskDeferred(trigger=TimeDeltaTrigger(timedelta(1)), method_name="execute_complete")
    task()
"""
CONN_ID = "my_store"
Run = Callable[..., AbstractContextManager[SupervisedTask]]


@pytest.fixture
def run(run_dag: RunDag) -> Run:
    """Run the task up to its pause."""

    @contextmanager
    def run_task(
        place: Place,
        machine: str = "a",
        variables: Mapping[str, str] | None = None,
        answers: Mapping[str, Answer] | None = None,
    ) -> Iterator[SupervisedTask]:
        variables = {"PART": machine, **(variables or {})}
        with run_dag(place, DAG, machine, variables, answers) as task:
            task.wait_for_file("reached")
            yield task

    return run_task


def events(place: Place) -> list[str]:
    """Return the lines of the log in the store that the task has written; a kill may cut the last one off."""
    complete = stored(place.store, LOG).rpartition(b"\n")[0]
    texts = [json.loads(line) for line in complete.splitlines()]
    return [text["event"] for text in texts if text["event"].startswith(("part", "binary"))]


def part(name: str) -> list[str]:
    return [
        f"part {name} begins \u2603",
        "binary \x00\x1b[0m, and long: " + "x" * 1_000_000,
        f"part {name} ends",
    ]


def test_log_of_a_running_task_is_in_the_store(place: Place, run: Run) -> None:
    with run(place) as task:
        until_stored(place.store, LOG, lambda log: log.endswith(b"\n") and b"long" in log)
        assert events(place) == part("a")[:2]
        assert LOG not in keys(place.store)
        (task.folder / "go").touch()
        assert task.wait() == 0
        assert keys(place.store) == [LOG]
        assert stored(place.store, LOG) == task.log.read_bytes()
    assert events(place) == part("a")


def test_killed_task_and_supervisor_leave_what_was_written(place: Place, run: Run) -> None:
    with run(place) as task:
        # The task has printed it; its supervisor writes it.
        wait_until(lambda: part("a")[0] in task.lines(), task.describe, failed=task.has_ended)
        for pid in (task.supervisor.pid, task.api.pid):
            os.kill(pid, signal.SIGKILL)
        until_stored(
            place.store, LOG, lambda log: log == task.log.read_bytes() and keys(place.store) == [LOG]
        )
    assert events(place)[:1] == part("a")[:1]


def test_parts_of_a_try_on_two_machines_are_one_log(place: Place, run: Run) -> None:
    for machine, variables in (("a", {"DEFERS": "1"}), ("b", {})):
        with run(place, machine, variables) as task:
            (task.folder / "go").touch()
            assert task.wait() == 0
    assert events(place) == [*part("a"), *part("b")]
    assert keys(place.store) == [LOG]


def test_parts_of_a_try_whose_local_file_goes_are_one_log(place: Place, run: Run) -> None:
    deletion = {"AIRFLOW__LOGGING__DELETE_LOCAL_LOGS": "True"}
    for variables in ({"DEFERS": "1"}, {}):
        with run(place, variables={**deletion, **variables}) as task:
            assert task.log.exists()
            (task.folder / "go").touch()
            assert task.wait() == 0
            assert not task.log.exists()
            for name in ("reached", "go"):
                (task.folder / name).unlink()
    assert events(place) == part("a") * 2
    assert keys(place.store) == [LOG]


def test_connection_comes_from_the_api_server_and_is_not_written(
    s3: S3Server, s3_place: Place, run: Run, tmp_path: Path
) -> None:
    connection = {
        "conn_id": CONN_ID,
        "conn_type": "aws",
        "host": None,
        "schema": None,
        "login": ACCESS_KEY,
        "password": SECRET_KEY,
        "port": None,
        "extra": json.dumps({"endpoint_url": s3.url, "region_name": "us-east-1"}),
    }
    variables = {"AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_CONN_ID": CONN_ID}
    without = Place(s3_place.url, {"AWS_EC2_METADATA_DISABLED": "true"}, s3_place.store)
    with run(without, variables=variables, answers={CONN_ID: (200, connection)}) as task:
        until_stored(s3_place.store, LOG, lambda log: b"long" in log)
        (task.folder / "go").touch()
        assert task.wait() == 0
        assert keys(s3_place.store) == [LOG]
    assert events(s3_place) == part("a")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(s3.home)]
    assert [path for path in files if SECRET_KEY.encode() in path.read_bytes()] == []


def test_stock_airflow_reads_what_was_written(s3_place: Place, run: Run, tmp_path: Path) -> None:
    from airflow.providers.amazon.aws.log.s3_task_handler import S3RemoteLogIO

    stock = S3RemoteLogIO(
        remote_base=s3_place.url, base_log_folder=str(tmp_path / "stock"), delete_local_copy=False
    )
    with run(s3_place) as task:
        until_stored(s3_place.store, LOG, lambda log: log.endswith(b"\n") and b"long" in log)
        _, chunks = stock.read(LOG, None)  # type: ignore[arg-type]
        assert "".join(chunks or ()).encode() == stored(s3_place.store, LOG)
        (task.folder / "go").touch()
        assert task.wait() == 0
        assert stock.read(LOG, None)[1] == [task.log.read_text()]  # type: ignore[arg-type]


def test_stock_airflow_reads_a_shared_folder_as_its_log_folder(folder_place: Place, run: Run) -> None:
    from airflow.utils.log.file_task_handler import FileTaskHandler

    folder = Path(folder_place.url.removeprefix("file://"))

    def read() -> bytes:
        _, streams = FileTaskHandler(str(folder))._read_from_local(folder / LOG)
        return b"".join(f"{line}\n".encode() for stream in streams for line in stream)

    with run(folder_place) as task:
        until_stored(folder_place.store, LOG, lambda log: log.endswith(b"\n") and b"long" in log)
        assert read() == stored(folder_place.store, LOG)
        (task.folder / "go").touch()
        assert task.wait() == 0
        assert read() == task.log.read_bytes()
