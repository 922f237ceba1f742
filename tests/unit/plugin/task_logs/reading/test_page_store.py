"""The store as pages read it: one that refuses or does not answer costs a moment, once in a while."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.reading import page_store
from astro_runtime_plugin.task_logs.reading.page_store import OUTAGE_SECONDS, PageStore
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from astro_runtime_plugin.task_logs.stores.store import LogStore, Patience, StoreError
from testing.servers import free_port
from testing.waiting import wait_until

PATH = "dag_id=d/attempt=1.log"
URL = "s3://bucket/prefix"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """The port of an S3 server at which nobody listens."""
    port = free_port()
    names = {
        "ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "ACCESS_KEY_ID": "key",
        "SECRET_ACCESS_KEY": "secret",
    }
    for name, text in {**names, "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", text)
    return port


@pytest.fixture
def black_hole(port: int) -> Iterator[socket.socket]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", port)) as server:
        server.setblocking(False)
        yield server


def connections(server: socket.socket) -> int:
    """Return how many have connected since the last look."""
    count = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pages wait for as long as a starved thread takes to import a library and to ask."""
    limit_answers(monkeypatch, 300.0)


@pytest.mark.usefixtures("patient")
def test_store_that_refuses_is_said_to_be_out_of_reach(port: int) -> None:
    with pytest.raises(StoreError, match=r"^cannot be read: it cannot be reached$"):
        PageStore(TaskLogSettings(url=URL)).list(PATH)


@pytest.mark.usefixtures("patient")
def test_store_that_does_not_answer_is_given_up(
    black_hole: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_store, "PATIENCE", Patience(0.5, 0.5, 1))
    with pytest.raises(StoreError, match=r"^cannot be read: it does not answer in time$"):
        PageStore(TaskLogSettings(url=URL)).list(PATH)
    assert connections(black_hole) == 1


@pytest.mark.usefixtures("patient")
def test_store_that_was_away_is_asked_again_after_a_while(
    port: int, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_store, "PATIENCE", Patience(0.5, 0.5, 1))
    store = PageStore(TaskLogSettings(url=URL), clock)
    with pytest.raises(StoreError, match="reached"):
        store.list(PATH)
    with socket.create_server(("127.0.0.1", port)) as server:
        server.setblocking(False)
        for key in (PATH, "another"):
            with pytest.raises(StoreError, match="reached"):
                store.read(key, 0, 1)
        assert connections(server) == 0
        clock.now += OUTAGE_SECONDS
        with pytest.raises(StoreError, match="answer"):
            store.list(PATH)
        assert connections(server) == 1


@pytest.mark.usefixtures("patient")
def test_outage_is_one_warning_without_secrets(
    port: int, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = PageStore(TaskLogSettings(url="abfs://container@account.example/prefix"), clock)
    with caplog.at_level(logging.WARNING, "astro_runtime"):
        for _ in range(3):
            clock.now += OUTAGE_SECONDS
            with pytest.raises(StoreError):
                store.list(PATH)
    assert len([text for text in caplog.messages if text.startswith("Task logs: ")]) == 1


class Hanging(FolderStore):
    """A folder of a file system that hangs until `let_go`."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.let_go, self.questions = threading.Event(), 0

    def list(self, prefix: str) -> Any:
        self.questions += 1
        self.let_go.wait()
        return super().list(prefix)


def limit_answers(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for limit in ("OPEN_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(page_store, limit, seconds)


def test_library_that_hangs_keeps_few_threads(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = Hanging(str(tmp_path))
    limit_answers(monkeypatch, 0.05)
    monkeypatch.setattr(page_store, "open_store", lambda *_: hanging)
    store: LogStore = PageStore(TaskLogSettings(url=f"file://{tmp_path}"), clock)
    for _ in range(page_store.MAX_LATE + 3):
        clock.now += OUTAGE_SECONDS
        with pytest.raises(StoreError, match="answer"):
            store.list(PATH)
    wait_until(
        lambda: hanging.questions >= page_store.MAX_LATE
    )  # a thread may ask when nobody waits any more
    assert hanging.questions == page_store.MAX_LATE
    hanging.let_go.set()


def test_answer_that_is_late_while_others_are_counted_is_counted(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = Hanging(str(tmp_path))
    loses_patience = threading.Event()

    class Answer(Future[Any]):
        """One that a page waits for until the test lets it lose its patience."""

        def result(self, timeout: float | None = None) -> Any:
            loses_patience.wait()
            raise TimeoutError

    monkeypatch.setattr(page_store, "Future", Answer)
    monkeypatch.setattr(page_store, "LateError", TimeoutError)
    monkeypatch.setattr(page_store, "OUTAGE_SECONDS", 0.0)
    monkeypatch.setattr(page_store, "open_store", lambda *_: hanging)
    store = PageStore(TaskLogSettings(url=f"file://{tmp_path}"), clock)

    def ask() -> None:
        with pytest.raises(StoreError, match="answer"):
            store.list(PATH)

    other = threading.Thread(target=ask)

    class Late(set[Any]):
        """Late answers; while they are counted, the other page loses its patience."""

        def __iter__(self) -> Iterator[Any]:
            answers = [*super().__iter__()]
            loses_patience.set()
            other.join(2)
            return iter(answers)

    other.start()
    wait_until(lambda: hanging.questions, pause=0.01)
    store._late = Late()
    ask()
    other.join()
    assert len(store._late) == 2
    hanging.let_go.set()


def test_answers_that_come_late_make_room(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = Hanging(str(tmp_path))
    limit_answers(monkeypatch, 0.05)
    monkeypatch.setattr(page_store, "MAX_LATE", 1)
    monkeypatch.setattr(page_store, "open_store", lambda *_: hanging)
    store = PageStore(TaskLogSettings(url=f"file://{tmp_path}"), clock)
    with pytest.raises(StoreError, match="answer"):
        store.list(PATH)
    hanging.let_go.set()
    wait_until(lambda: all(late.done() for late in store._late))
    clock.now += OUTAGE_SECONDS
    limit_answers(monkeypatch, 60.0)
    assert store.list(PATH) == []


def test_object_that_is_gone_is_no_outage(tmp_path: Path) -> None:
    store = PageStore(TaskLogSettings(url=f"file://{tmp_path}"))
    with pytest.raises(FileNotFoundError):
        store.read(PATH, 0, 1)
    assert store.list(PATH) == []


def test_store_cannot_be_written(tmp_path: Path) -> None:
    store = PageStore(TaskLogSettings(url=f"file://{tmp_path}"))
    with pytest.raises(StoreError):
        store.put_new(PATH, b"")
    with pytest.raises(StoreError):
        store.delete([PATH])
    assert [*tmp_path.iterdir()] == []


def test_process_has_one_store(tmp_path: Path) -> None:
    settings = TaskLogSettings(url=f"file://{tmp_path}")
    assert page_store.page_store(settings) is page_store.page_store(settings)
