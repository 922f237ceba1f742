"""The check of the store, with real folders and a server that never answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from astro_runtime_plugin.task_logs.layout import StoredObject
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores import check_process
from astro_runtime_plugin.task_logs.stores.check import check_store
from astro_runtime_plugin.task_logs.stores.check_process import StoreCheck
from astro_runtime_plugin.task_logs.stores.store import LogStore, open_store


def test_folder_passes_and_nothing_stays_in_it(tmp_path: Path) -> None:
    settings = TaskLogSettings(url=f"file://{tmp_path}/logs")
    assert check_store(settings) == ""
    assert open_store(settings).list("") == []


def test_folder_that_cannot_be_written_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    problem = check_store(TaskLogSettings(url=f"file://{tmp_path}/file"))
    assert problem.startswith("cannot be written: ")


def test_store_that_never_answers_ends_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        problem = check_store(TaskLogSettings(url="s3://bucket/logs"), seconds=3)
    assert problem == "cannot be written: it does not answer within 3 seconds"


def test_time_for_the_store_begins_when_it_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes longer to import a library than a store may take to answer."""

    def open_slowly(_: TaskLogSettings) -> Any:
        time.sleep(0.3)
        return SimpleNamespace(put_new=lambda *_: threading.Event().wait())

    monkeypatch.setattr(check_process, "open_store", open_slowly)
    check = StoreCheck(TaskLogSettings(url=f"file://{tmp_path}"))
    assert check.run_within(0.1) == "cannot be written: it does not answer within 0.1 seconds"


def test_store_that_cannot_be_opened_in_time_is_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_process, "open_store", lambda _: threading.Event().wait())
    monkeypatch.setattr(check_process, "OPEN_SECONDS", 0.1)
    check = StoreCheck(TaskLogSettings(url=f"file://{tmp_path}"))
    assert check.run_within(20) == "cannot be opened: it does not answer within 0.1 seconds"


class Forgetful(LogStore):
    """A store in which one thing does not work."""

    def __init__(self, store: LogStore, fault: str) -> None:
        self.store, self.fault = store, fault

    def put_new(self, key: str, data: bytes) -> bool:
        return self.store.put_new(key, data) or self.fault == "put_new"

    def put(self, key: str, source: BinaryIO, replaced: StoredObject | None = None) -> Any:
        raise NotImplementedError

    def list(self, prefix: str) -> list[StoredObject]:
        return [] if self.fault == "list" else self.store.list(prefix)

    def read(self, key: str, start: int, end: int) -> bytes:
        return b"" if self.fault == "read" else self.store.read(key, start, end)

    def delete(self, keys: Sequence[str]) -> None:
        if self.fault != "delete":
            self.store.delete(keys)

    def size(self, key: str) -> int | None:
        return self.store.size(key)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("", ""),
        ("put_new", "cannot be written: it overwrites an object although it must not (If-None-Match)"),
        ("list", "cannot be listed: it does not list an object that was written"),
        ("read", "cannot be read: it does not return what was written"),
        ("delete", "cannot be deleted from: it keeps an object that was deleted"),
    ],
)
def test_store_that_does_something_else_is_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, problem: str
) -> None:
    settings = TaskLogSettings(url=f"file://{tmp_path}")
    monkeypatch.setattr(check_process, "open_store", lambda _: Forgetful(open_store(settings), fault))
    check = StoreCheck(settings)
    check.run()
    assert check.problem == problem
