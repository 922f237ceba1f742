"""A view of logs: what the store has, and what local files have beyond it, each byte once."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from astro_runtime_plugin.task_logs.layout import chunk_key
from astro_runtime_plugin.task_logs.reading.reader import read
from astro_runtime_plugin.task_logs.reading.view import LogView
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.records import Part, Progress
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError, open_store

PATH = "dag_id=d/attempt=1.log"


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    (tmp_path / "store").mkdir()
    return open_store(TaskLogSettings(url=f"file://{tmp_path}/store"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    (folder / PATH).parent.mkdir(parents=True)
    return folder


def text(view: LogStore) -> bytes:
    return b"".join(data for _, data in read(view, PATH))


def ship(folder: Path, store: LogStore, part: Part, generation: str = "") -> None:
    """Register the log as being written here, with one part shipped."""
    spool = Spool(folder)
    entry = spool.register(PATH)
    spool.save_progress(PATH, Progress(store="", generation=generation or entry.generation, parts=[part]))


def test_log_that_the_store_does_not_have_is_read_from_the_file(store: LogStore, folder: Path) -> None:
    (folder / PATH).write_bytes(b"all of it")
    assert text(LogView(store, folder)) == b"all of it"
    assert text(LogView(None, folder)) == b"all of it"


def test_log_in_the_store_is_not_read_from_the_file_again(store: LogStore, folder: Path) -> None:
    (folder / PATH).write_bytes(b"first part, second part")
    store.put_new(chunk_key(PATH, 0), b"first part")
    assert text(LogView(store, folder)) == b"first part"


@pytest.mark.parametrize(
    ("local", "part", "expected"),
    [
        (b"AAABBB", Part(local=0, stored=0, length=3), b"AAABBB"),
        (b"BBBCCC", Part(local=0, stored=3, length=0), b"AAABBBCCC"),
        (b"xxAAABBB", Part(local=2, stored=0, length=3), b"AAABBB"),
        (b"AAA", Part(local=0, stored=0, length=3), b"AAA"),
        (b"", Part(local=0, stored=3, length=0), b"AAA"),
    ],
)
def test_rest_of_a_log_that_is_written_here_comes_from_the_file(
    store: LogStore, folder: Path, local: bytes, part: Part, expected: bytes
) -> None:
    (folder / PATH).write_bytes(local)
    store.put_new(chunk_key(PATH, 0), b"AAA")
    ship(folder, store, part)
    assert text(LogView(store, folder)) == expected


def test_offsets_of_an_earlier_part_do_not_count(store: LogStore, folder: Path) -> None:
    (folder / PATH).write_bytes(b"AAACCC")
    store.put_new(chunk_key(PATH, 0), b"AAABBB")
    ship(folder, store, Part(local=0, stored=0, length=3), generation="earlier")
    assert text(LogView(store, folder)) == b"AAABBB"


def test_store_that_is_away_leaves_local_logs(
    store: LogStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> NoReturn:
        raise StoreError("away")

    monkeypatch.setattr(store, "list", fail)
    (folder / PATH).write_bytes(b"here")
    view = LogView(store, folder)
    assert text(view) == b"here"
    assert str(view.problem) == "away"


def test_view_cannot_be_written(store: LogStore, folder: Path) -> None:
    view = LogView(store, folder)
    with pytest.raises(StoreError):
        view.put_new("a", b"")
    with pytest.raises(StoreError):
        view.delete(["a"])
