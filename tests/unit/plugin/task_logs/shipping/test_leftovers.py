"""Chunks below a whole object that were left behind: when they go, and that a slow machine loses nothing then."""

from __future__ import annotations

from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.layout import chunk_key
from astro_runtime_plugin.task_logs.shipping.leftovers import (
    GIVE_UP_SECONDS,
    MIN_AGE_SECONDS,
    delete_leftovers,
    due_leftovers,
)
from astro_runtime_plugin.task_logs.shipping.records import Leftover
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.file_systems import FolderStore
from astro_runtime_plugin.task_logs.stores.store import StoreError
from testing.task_log_parts import PATH, Parts

NOW, URL = 1e9, "file:///store"
CHUNKS = {0: b"one\n", 4: b"two\n", 8: b"new\n"}


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """A whole object that covers two of three chunks."""
    store = FolderStore(str(tmp_path / "store"))
    store.put(PATH, BytesIO(b"one\ntwo\n"))
    for offset, data in CHUNKS.items():
        assert store.put_new(chunk_key(PATH, offset), data)
    return store


@pytest.mark.parametrize(
    ("end", "since", "url", "left", "is_noted"),
    [
        (8, NOW, URL, [0, 4, 8], True),
        (8, NOW - MIN_AGE_SECONDS, URL, [8], False),
        (100, NOW - MIN_AGE_SECONDS, URL, [8], False),  # noted when the whole object was another
        (4, NOW - MIN_AGE_SECONDS, URL, [4, 8], False),
        (8, NOW - MIN_AGE_SECONDS, "s3://another", [0, 4, 8], False),
        (8, NOW - GIVE_UP_SECONDS, URL, [8], False),
        (8, NOW + 1, URL, [0, 4, 8], True),  # another host's clock
        (8, NOW + MIN_AGE_SECONDS, URL, [8], False),  # the clock was set back
    ],
    ids=["young", "due", "beyond", "partly", "another store", "old", "another clock", "future"],
)
def test_covered_chunks_go_when_it_is_time(
    tmp_path: Path, store: FolderStore, end: int, since: float, url: str, left: list[int], is_noted: bool
) -> None:
    spool = Spool(tmp_path)
    spool.folder.mkdir(parents=True)
    spool.save_leftover(Leftover(path=PATH, store=url, end=end, since=since))
    delete_leftovers(spool, store, URL, NOW)
    assert sorted(found.key for found in store.list(f"{PATH}.")) == [chunk_key(PATH, each) for each in left]
    assert bool(spool.leftovers()) is is_noted


@pytest.mark.parametrize(("age", "is_noted"), [(MIN_AGE_SECONDS, True), (GIVE_UP_SECONDS, False)])
def test_note_is_dropped_when_the_store_has_refused_for_a_day(
    tmp_path: Path, store: FolderStore, monkeypatch: pytest.MonkeyPatch, age: float, is_noted: bool
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("refuses")

    spool = Spool(tmp_path)
    spool.folder.mkdir(parents=True)
    spool.save_leftover(Leftover(path=PATH, store=URL, end=8, since=NOW - age))
    monkeypatch.setattr(store, "delete", refuse)
    with pytest.raises(StoreError) if is_noted else nullcontext():
        delete_leftovers(spool, store, URL, NOW)
    assert bool(spool.leftovers()) is is_noted


def test_later_note_of_the_same_log_is_not_forgotten(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.folder.mkdir(parents=True)
    first, second = (Leftover(path=PATH, store=URL, end=end, since=NOW) for end in (4, 8))
    spool.save_leftover(first)
    spool.save_leftover(second)
    spool.forget_leftover(first)
    assert spool.leftovers() == [second]


def test_note_is_no_entry(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.folder.mkdir(parents=True)
    spool.save_leftover(Leftover(path=PATH, store=URL, end=8, since=0))
    assert due_leftovers(spool, NOW)
    assert (spool.entries(), spool.ended_entries(), spool.has_entries()) == ([], [], False)
    assert not spool.seems_abandoned(0)


def steps(count: int, parts: Parts, number: int) -> None:
    for _ in range(count):
        parts.machines[number].step()


def overtaken_machine(home: Path) -> Parts:
    """Return two machines, of which the first has sent a line, and the second has put the log together."""
    parts = Parts(home, 2)
    slow, other = parts.machines
    slow.write()
    steps(40, parts, 0)
    other.write()
    other.finish()
    return parts


@pytest.mark.parametrize("has_new_shipper", [False, True])
def test_slow_machine_loses_nothing_when_its_chunks_are_gone(tmp_path: Path, has_new_shipper: bool) -> None:
    """Its line comes after the log was put together, and when nothing keeps its place any more."""
    parts = overtaken_machine(tmp_path)
    slow = parts.machines[0]
    assert len(parts.covered()) == 2
    parts.clean()
    assert parts.covered() == []
    slow.write()
    if has_new_shipper:
        slow.start()
    slow.finish()
    assert [line.data.decode() for line in parts.log()] == ["machine0 0", "machine1 0", "machine0 1"]
    assert parts.covered() == []


def test_machine_that_is_slower_than_its_chunks_are_forgotten_finds_its_place_taken(tmp_path: Path) -> None:
    """It looks at the store before it writes, for as long as the chunk that follows its own may be gone."""
    parts = overtaken_machine(tmp_path)
    slow = parts.machines[0]
    parts.clock.now += MIN_AGE_SECONDS / 2
    slow.write()
    steps(40, parts, 0)
    parts.clean()
    slow.write()
    slow.finish()
    assert [line.data.decode() for line in parts.log()] == [
        "machine0 0",
        "machine1 0",
        "machine0 1",
        "machine0 2",
    ]
