from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import ChangedError, LogStore, StoreError, open_store

KEY = "dag/attempt=1.log"


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return open_store(TaskLogSettings(url=f"file://{tmp_path}/store"))


def test_new_object_does_not_replace_another(store: LogStore) -> None:
    assert store.put_new(KEY, b"first")
    assert not store.put_new(KEY, b"second")
    assert store.read(KEY, 0, 100) == b"first"


def test_object_is_replaced_only_as_it_was_listed(store: LogStore) -> None:
    store.put(KEY, io.BytesIO(b"first"))
    with pytest.raises(ChangedError):
        store.put(KEY, io.BytesIO(b"second"))
    (listed,) = store.list("dag/")
    store.put(KEY, io.BytesIO(b"the third"), listed)
    assert store.size(KEY) == 9
    with pytest.raises(ChangedError):
        store.put(KEY, io.BytesIO(b"fourth"), listed)


def test_objects_are_listed_by_prefix(store: LogStore) -> None:
    for key in (KEY, f"{KEY}.000000000000", "dag/attempt=10.log", "other/attempt=1.log"):
        store.put_new(key, b"text")
    assert sorted(found.key for found in store.list("dag/attempt=1.")) == [KEY, f"{KEY}.000000000000"]
    assert {found.key for found in store.list("")} >= {KEY, "other/attempt=1.log"}
    assert [(found.size, found.modified > 0) for found in store.list(f"{KEY}.")] == [(4, True)]
    assert store.list("nothing/here") == []


def test_part_of_an_object_is_read(store: LogStore) -> None:
    store.put_new(KEY, b"0123456789")
    assert [store.read(KEY, *ends) for ends in ((0, 3), (8, 20), (10, 20))] == [b"012", b"89", b""]


def test_missing_object_is_not_found(store: LogStore) -> None:
    assert store.size(KEY) is None
    store.delete([KEY])
    with pytest.raises(FileNotFoundError):
        store.read(KEY, 0, 1)


def test_deleted_object_is_gone(store: LogStore) -> None:
    store.put_new(KEY, b"text")
    store.delete([KEY])
    assert store.list("") == []


def test_source_that_fails_leaves_no_object(tmp_path: Path) -> None:
    store = open_store(TaskLogSettings(url=f"file://{tmp_path}/store"))

    class Failing(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise EOFError

    with pytest.raises(EOFError):
        store.put(KEY, Failing())
    assert store.list("") == []
    assert os.listdir(tmp_path / "store" / ".astro-runtime-parts") == []


def test_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    store = open_store(TaskLogSettings(url=f"file://{tmp_path}/store"))
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        store.put_new(KEY, b"text")


def test_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    store = open_store(TaskLogSettings(url=f"file://{tmp_path}/store"))
    assert store.list(KEY) == []
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="Not a directory"):
        store.list(KEY)


def test_folder_of_somebody_else_below_the_store_need_not_be_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(TaskLogSettings(url=f"file://{tmp_path}"))
    store.put_new(KEY, b"text")
    (tmp_path / "lost+found").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("lost+found"):  # root may read every folder
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [stored.key for stored in store.list("")] == [KEY]
