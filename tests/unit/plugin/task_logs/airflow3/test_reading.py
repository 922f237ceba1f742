"""Airflow 3's handler: the store first, then this machine, then a log server that answers."""

from __future__ import annotations

import io
import json
import socket
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from airflow.utils.log.file_task_handler import FileTaskHandler

from astro_runtime_plugin.task_logs.airflow3 import reading
from astro_runtime_plugin.task_logs.airflow3.reading import TaskLogHandler
from astro_runtime_plugin.task_logs.layout import chunk_key
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store
from testing.servers import free_port

PATH = "dag_id=d/run_id=r/task_id=t/attempt=1.log"
NOW = datetime.now(timezone.utc)
LINES = json.dumps({"timestamp": NOW.isoformat(), "event": "text"}).encode() + b"\n"

AWAY = "*** The store of task logs cannot be read: time-out. This is what this machine and the worker have."


def fail(_: str) -> NoReturn:
    raise StoreError("cannot be read: time-out")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LogStore:
    (tmp_path / "store").mkdir()
    settings = TaskLogSettings(url=f"file://{tmp_path}/store")
    store = open_store(settings)
    monkeypatch.setattr(reading, "store", lambda: store)
    monkeypatch.setattr(reading, "settings", lambda: settings)
    monkeypatch.setattr(FileTaskHandler, "_render_filename", lambda *_, **__: PATH)
    return store


@pytest.fixture
def handler(tmp_path: Path) -> TaskLogHandler:
    return TaskLogHandler(str(tmp_path / "logs"))


def task(state: str = "running", age: float = 60, host: str = "") -> Any:
    end = None if state == "running" else datetime.now(timezone.utc) - timedelta(seconds=age)
    return SimpleNamespace(
        try_number=1, state=state, end_date=end, hostname=host, triggerer_job=None, task=None, executor=None
    )


def events(handler: TaskLogHandler, ti: Any) -> list[str]:
    lines, _ = handler.read(ti, 1)
    return [line.event for line in lines]


def write_locally(handler: TaskLogHandler) -> None:
    file = Path(handler.local_base, PATH)
    file.parent.mkdir(parents=True)
    file.write_bytes(LINES)


def test_log_is_read_from_the_store(handler: TaskLogHandler, store: LogStore, tmp_path: Path) -> None:
    store.put_new(chunk_key(PATH, 0), LINES)
    assert events(handler, task())[1:] == [f"file://{tmp_path}/store/{PATH}", "::endgroup::", "text"]


@pytest.mark.parametrize("state", ["running", "success"])
def test_store_that_is_away_leaves_local_logs_and_a_note(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(store, "list", fail)
    write_locally(handler)
    lines, _ = handler.read(task(state, age=0), 1)
    text, note = [*lines][-2:]
    assert text.event == "text"
    assert note.event == AWAY
    assert note.model_extra == {"level": "warning"}


def test_store_that_is_away_is_said_beside_what_the_worker_has(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "list", fail)
    served = ["http://worker/log"], [iter([LINES.decode()])]
    monkeypatch.setattr(FileTaskHandler, "_read_from_logs_server", lambda *_: served)
    monkeypatch.setattr(reading, "answers", lambda *_: True)
    assert events(handler, task(host="worker"))[1:] == ["http://worker/log", "::endgroup::", "text", AWAY]


def test_store_that_goes_away_meanwhile_repeats_nothing(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_new(chunk_key(PATH, 0), LINES)
    _, metadata = handler.read(task(), 1)
    monkeypatch.setattr(FileTaskHandler, "_read_from_logs_server", lambda *_: pytest.fail("asked"))
    with monkeypatch.context() as away:
        away.setattr(store, "list", fail)
        lines, during = handler.read(task(), 1, metadata)
        assert [*lines] == []
        assert during == metadata
        lines, at_end = handler.read(task("success"), 1, metadata)
        assert [line.event for line in lines] == [AWAY]
        assert at_end["end_of_log"] is True
    store.put_new(chunk_key(PATH, len(LINES)), LINES)
    lines, _ = handler.read(task(), 1, during)
    assert [line.event for line in lines] == ["text"]


def test_dead_workers_log_server_is_not_waited_for(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.configuration import conf

    asked: list[object] = []
    monkeypatch.setattr(FileTaskHandler, "_read_from_logs_server", lambda *args: asked.append(args))
    monkeypatch.setattr(conf, "getint", lambda *_, **__: free_port())
    lines = events(handler, task("success", host="127.0.0.1"))
    assert "127.0.0.1 does not answer" in lines[1]
    assert asked == []


@pytest.mark.parametrize("state", ["running", "success"])
def test_worker_is_not_asked_for_what_the_store_has(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Its log server takes connections and never answers, as where a machine hangs."""
    from airflow.configuration import conf

    store.put_new(chunk_key(PATH, 0), LINES)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        monkeypatch.setattr(conf, "getint", lambda *_, **__: server.getsockname()[1])
        assert events(handler, task(state, host="127.0.0.1"))[-1] == "text"
        with pytest.raises(BlockingIOError):
            server.accept()


def test_rest_of_a_try_that_has_just_ended_is_waited_for(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "RECENT_SECONDS", 3600.0)
    monkeypatch.setattr(reading, "FINAL_SECONDS", 3600.0)
    store.put_new(chunk_key(PATH, 0), LINES)
    pauses: list[float] = []

    def ship(seconds: float) -> None:
        pauses.append(seconds)
        store.put(PATH, io.BytesIO(LINES * 2))
        store.delete([chunk_key(PATH, 0)])

    monkeypatch.setattr(time, "sleep", ship)
    assert events(handler, task("success", age=1))[-2:] == ["text", "text"]
    assert len(pauses) == 1


@pytest.mark.parametrize(("state", "age"), [("running", 0), ("success", 60)])
def test_try_that_runs_or_ended_long_ago_is_not_waited_for(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch, state: str, age: float
) -> None:
    store.put_new(chunk_key(PATH, 0), LINES)
    monkeypatch.setattr(time, "sleep", pytest.fail)
    assert events(handler, task(state, age))[-1] == "text"


def test_failure_within_leaves_airflows_own_reading(
    handler: TaskLogHandler, store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr(reading, "read_try", fail)
    write_locally(handler)
    assert events(handler, task("success"))[-1] == "text"
