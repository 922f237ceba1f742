"""Airflow 3's write path: a log begins with its first line, ends with `upload`, and the DAG processor's stay local."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from astro_runtime_plugin.task_logs.airflow3 import writing
from astro_runtime_plugin.task_logs.airflow3.writing import (
    MAX_ENDED,
    WAIT_SECONDS,
    TaskLogIO,
    identity_of_path,
)
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.writer import LogWriter

IDENTITY: dict[str, Any] = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": 3, "try_number": 2}
PATH = "dag_id=d/run_id=r/task_id=t/map_index=3/attempt=2.log"


class Recorder(LogWriter):
    """A writer that only notes its calls."""

    def __init__(self, folder: Path) -> None:
        super().__init__(TaskLogSettings(url=f"file://{folder}/store"), folder)
        self.calls: list[tuple[Any, ...]] = []

    def begin(
        self, path: str, identity: TaskIdentity | None = None, pid: int = 0, descriptor: int | None = None
    ) -> None:
        self.calls.append(("begin", path, identity))

    def end(self, path: str, wait_seconds: float = 0.0, pid: int = 0) -> bool:
        self.calls.append(("end", path, wait_seconds))
        return True

    def ensure_shipper(self, extra_environ: Any = None) -> None:
        pass


@pytest.fixture
def writer(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / PATH).parent.mkdir(parents=True)
    with open(tmp_path / PATH, "ab") as file:
        yield structlog.BytesLogger(file)


def test_log_begins_with_its_first_line_and_ends_with_upload(
    writer: Recorder, logger: Any, tmp_path: Path
) -> None:
    logs = TaskLogIO(writer, str(tmp_path))
    (process,) = logs.processors
    event = {"event": "text", **IDENTITY}
    assert process(logger, "info", event) is event
    process(logger, "info", {"event": "more"})
    logs.upload(PATH)
    process(logger, "info", {"event": "after the upload"})
    assert writer.calls == [("begin", PATH, TaskIdentity(**IDENTITY)), ("end", PATH, 0.0)]


def test_try_that_is_resumed_in_the_same_process_begins_again(
    writer: Recorder, logger: Any, tmp_path: Path
) -> None:
    logs = TaskLogIO(writer, str(tmp_path))
    logs.process(logger, "info", {})
    logs.upload(PATH)
    with open(tmp_path / PATH, "ab") as file:
        logs.process(structlog.BytesLogger(file), "info", {})
    assert [call[0] for call in writer.calls] == ["begin", "end", "begin"]


@pytest.mark.parametrize("spelling", ["{}", "{}/", "{}/.", "{}//", "{}/../{name}"])
def test_log_begins_however_its_folder_is_spelt(writer: Recorder, tmp_path: Path, spelling: str) -> None:
    folder = spelling.format(tmp_path, name=tmp_path.name)
    with Path(folder, "task.log").open("ab") as file:  # as Airflow opens it
        TaskLogIO(writer, folder).process(structlog.BytesLogger(file), "info", {"event": "text"})
    assert [call[:2] for call in writer.calls] == [("begin", "task.log")]


def test_log_without_a_line_is_begun_at_its_end(writer: Recorder, tmp_path: Path) -> None:
    TaskLogIO(writer, str(tmp_path)).upload(PATH, SimpleNamespace(**IDENTITY))
    assert writer.calls == [("begin", PATH, TaskIdentity(**IDENTITY)), ("end", PATH, 0.0)]


def test_streams_files_elsewhere_and_the_dag_processors_are_left_alone(
    writer: Recorder, logger: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = TaskLogIO(writer, str(tmp_path / "other"))
    for other in (logger, structlog.BytesLogger(sys.stdout.buffer), structlog.PrintLogger(), object(), None):
        logs.process(other, "info", {"event": "text"})
    monkeypatch.setattr(sys, "argv", ["airflow", "dag-processor"])
    TaskLogIO(writer, str(tmp_path)).process(logger, "info", {"event": "text"})
    assert writer.calls == []


def test_pod_waits_for_its_log(writer: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = SimpleNamespace(__spec__=SimpleNamespace(name=writing.ONE_TASK))
    monkeypatch.setitem(sys.modules, "__main__", main)  # type: ignore[arg-type]
    TaskLogIO(writer, str(tmp_path)).upload(PATH)
    assert writer.calls[-1] == ("end", PATH, WAIT_SECONDS)


def test_connection_in_the_environment_is_kept_for_the_shipper(
    writer: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = TaskLogIO(writer, str(tmp_path), "my_store")
    assert logs.processors
    assert writer.shipper_environ == {}
    with monkeypatch.context() as supervisor:
        supervisor.setenv("AIRFLOW_CONN_MY_STORE", "aws://")
        assert logs.processors
    assert writer.shipper_environ == {"AIRFLOW_CONN_MY_STORE": "aws://"}


def test_loggers_of_ended_logs_are_not_kept_for_ever(writer: Recorder, tmp_path: Path) -> None:
    logs = TaskLogIO(writer, str(tmp_path))
    for number in range(2 * MAX_ENDED):
        with open(tmp_path / f"{number}.log", "ab") as file:
            logs.process(structlog.BytesLogger(file), "info", {})
            logs.upload(f"{number}.log")
    assert len(logs._loggers) == len(logs._ended) == MAX_ENDED


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (PATH, TaskIdentity(**IDENTITY)),
        (f"{PATH}.trigger.7.log", TaskIdentity(**IDENTITY)),
        ("dag_id=d/run_id=r/task_id=t/attempt=2.log", TaskIdentity(**{**IDENTITY, "map_index": -1})),
        (
            "dag_id=d/run_id=r=1/task_id=t/attempt=2.log",
            TaskIdentity(**{**IDENTITY, "map_index": -1, "run_id": "r=1"}),
        ),
        ("d/r/t/2.log", None),
        ("dag_id=d/run_id=r/task_id=t/attempt=x.log", None),
        ("executor_callbacks/d/r/id", None),
    ],
)
def test_identity_is_that_of_airflows_own_path(path: str, expected: TaskIdentity | None) -> None:
    assert identity_of_path(path) == expected
