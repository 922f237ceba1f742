from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.task_logs.layout import chunk_key
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.leftovers import MIN_AGE_SECONDS
from astro_runtime_plugin.task_logs.shipping.loop import (
    CLEAN_SECONDS,
    MAX_BACKOFF_SECONDS,
    MAX_PACE_SECONDS,
    MAX_SHARE,
    MIN_PACE_SECONDS,
    POLL_SECONDS,
    SHIP_SECONDS,
    ShippingLoop,
    Track,
    _pace,
)
from astro_runtime_plugin.task_logs.shipping.records import Leftover
from astro_runtime_plugin.task_logs.shipping.shipment import Shipment
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, LogStore, StoreError, open_store

PATH = "attempt=1.log"


class Rounds:
    """A loop whose clock stands still between two rounds."""

    def __init__(self, home: Path, delete_local: bool = False) -> None:
        self.now = 0.0
        self.spool = Spool(home / "logs")
        self.store = open_store(TaskLogSettings(url=f"file://{home}/store"))
        self.file = home / "logs" / PATH
        self.failure: Exception | None = None
        self.attempts = 0
        self.loop = ShippingLoop(
            self.spool, "file:///store", self.open, clock=lambda: self.now, delete_local=delete_local
        )

    def open(self) -> LogStore:
        self.attempts += 1
        if self.failure:
            raise self.failure
        return self.store

    def advance(self, seconds: float) -> None:
        """Let time pass, and wait for what is done in this round."""
        self.now += seconds
        with ThreadPoolExecutor(1) as pool:
            self.loop.poll(pool)

    def shipped(self) -> int:
        return sum(found.size for found in self.store.list(PATH))


@pytest.fixture
def rounds(tmp_path: Path) -> Rounds:
    found = Rounds(tmp_path)
    found.spool.register(PATH)
    return found


def test_few_bytes_wait_less_than_a_second(rounds: Rounds) -> None:
    rounds.file.write_bytes(b"few")
    rounds.advance(0)
    assert rounds.shipped() == 0
    rounds.advance(SHIP_SECONDS)
    assert rounds.shipped() == 3


def test_a_block_does_not_wait(rounds: Rounds) -> None:
    rounds.file.write_bytes(b"x" * BLOCK_BYTES)
    rounds.advance(0)
    assert rounds.shipped() == BLOCK_BYTES


def test_end_does_not_wait(rounds: Rounds) -> None:
    rounds.file.write_bytes(b"few")
    rounds.spool.end(PATH)
    rounds.advance(0)
    assert [(found.key, found.size) for found in rounds.store.list("")] == [(PATH, 3)]
    assert rounds.spool.entries() == []


def test_log_of_another_machine_ends_when_it_is_quiet(rounds: Rounds) -> None:
    entry = rounds.spool.register(PATH)
    entry.machine = "another"
    (file,) = rounds.spool.folder.glob("*.entry.json")
    file.write_text(entry.model_dump_json())
    rounds.file.write_bytes(b"few")
    rounds.advance(SHIP_SECONDS)
    rounds.advance(SHIP_SECONDS)
    assert rounds.spool.entries()
    assert rounds.shipped() == 3


def test_store_that_fails_is_warned_of_once_and_tried_less_and_less(
    rounds: Rounds, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds.failure = StoreError("refuses")
    rounds.file.write_bytes(b"x" * BLOCK_BYTES)
    for _ in range(200):
        rounds.advance(0.5)
    assert capsys.readouterr().err == "astro-runtime: task logs wait on this machine: refuses\n"
    assert 100 / MAX_BACKOFF_SECONDS - 1 <= rounds.attempts <= 100 / MAX_BACKOFF_SECONDS + 8
    status = rounds.spool.status()
    assert status
    assert status.problem == "refuses"


def test_problem_ends_when_the_store_is_back(rounds: Rounds, capsys: pytest.CaptureFixture[str]) -> None:
    rounds.failure = StoreError("refuses")
    rounds.file.write_bytes(b"few")
    rounds.advance(0)
    rounds.failure = None
    for _ in range(3):
        rounds.advance(MAX_BACKOFF_SECONDS)
    status = rounds.spool.status()
    assert rounds.shipped() == 3
    assert status
    assert (status.problem, status.pending_bytes) == ("", 0)


@pytest.mark.parametrize(
    ("used", "pace"),
    [(0.0, MIN_PACE_SECONDS), (0.1 * MAX_SHARE, 0.1), (1.0, MAX_PACE_SECONDS)],
    ids=["nothing", "some", "much"],
)
def test_pace_keeps_the_share_of_a_core(used: float, pace: float) -> None:
    assert _pace(used) == pytest.approx(pace)


@pytest.mark.parametrize(
    ("pending", "start", "not_before", "wait"),
    [
        (0, 0.0, 0.0, POLL_SECONDS),
        (BLOCK_BYTES // 2, 9.9, 0.0, 0.1),  # half a block in 0.1 s
        (BLOCK_BYTES // 2, 9.9, 10.2, 0.2),  # it may not leave before
        (BLOCK_BYTES * 3, 9.9, 0.0, 0.0),
        (1, 10.0, 0.0, POLL_SECONDS),
    ],
)
def test_next_look_is_when_a_block_will_have_gathered(
    rounds: Rounds, pending: int, start: float, not_before: float, wait: float
) -> None:
    (entry,) = rounds.spool.entries()
    track = Track(Shipment(rounds.spool, rounds.store, "file:///store", entry))
    track.pending, track.start, track.not_before = pending, start, not_before
    assert track.wait(now=10.0) == pytest.approx(wait)


def test_loop_without_logs_looks_at_its_usual_pace(tmp_path: Path) -> None:
    assert Rounds(tmp_path).loop.pause() == POLL_SECONDS


def test_loop_with_nothing_to_do_is_idle(tmp_path: Path) -> None:
    rounds = Rounds(tmp_path)
    assert not rounds.loop.is_idle(10)
    rounds.advance(10)
    assert rounds.loop.is_idle(10)


def test_loop_with_a_quiet_log_is_not_idle(rounds: Rounds) -> None:
    for _ in range(10):
        rounds.advance(10)
    assert not rounds.loop.is_idle(10)


@pytest.fixture
def deleting(tmp_path: Path) -> Rounds:
    """Rounds with `[logging] delete_local_logs`, and a log that is written."""
    found = Rounds(tmp_path, delete_local=True)
    found.spool.register(PATH)
    found.file.write_bytes(b"few")
    return found


def test_local_file_goes_when_the_store_has_the_whole_log(deleting: Rounds) -> None:
    deleting.advance(SHIP_SECONDS)
    deleting.advance(SHIP_SECONDS)
    assert deleting.shipped() == 3
    assert deleting.file.exists()
    deleting.spool.end(PATH)
    deleting.advance(SHIP_SECONDS)
    assert [found.key for found in deleting.store.list("")] == [PATH]
    assert not deleting.file.exists()


def test_local_file_stays_while_the_store_fails(deleting: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("refuses")

    deleting.spool.end(PATH)
    with monkeypatch.context() as refusing:
        refusing.setattr(deleting.store, "put", fail)
        for _ in range(5):
            deleting.advance(MAX_BACKOFF_SECONDS)
        assert deleting.file.read_bytes() == b"few"
    deleting.advance(MAX_BACKOFF_SECONDS)
    assert deleting.store.read(PATH, 0, 10) == b"few"
    assert not deleting.file.exists()


def test_local_file_stays_when_the_log_begins_again_meanwhile(
    deleting: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = deleting.store.put

    def resume(*arguments: Any) -> None:
        put(*arguments)
        deleting.spool.register(PATH)

    deleting.spool.end(PATH)
    monkeypatch.setattr(deleting.store, "put", resume)
    deleting.advance(SHIP_SECONDS)
    assert deleting.store.read(PATH, 0, 10) == b"few"
    assert deleting.file.read_bytes() == b"few"


def test_local_file_that_another_host_writes_stays(deleting: Rounds) -> None:
    Spool(deleting.spool.log_folder, "another").register(PATH)
    deleting.spool.end(PATH)
    deleting.advance(SHIP_SECONDS)
    assert deleting.spool.entries() == []
    assert deleting.file.read_bytes() == b"few"


def test_part_after_the_file_was_deleted_continues_the_log(deleting: Rounds) -> None:
    for text in (b"few", b"more", b"more", b"x"):
        deleting.spool.register(PATH)
        deleting.file.write_bytes(text)
        deleting.spool.end(PATH)
        deleting.advance(SHIP_SECONDS)
        assert not deleting.file.exists()
    assert deleting.store.read(PATH, 0, 100) == b"fewmoremorex"


def leave_chunks(rounds: Rounds, since: float) -> None:
    """Put a whole object with a chunk below it, and another behind it, and note that at `since`."""
    rounds.store.put(PATH, BytesIO(b"first"))
    for offset, data in ((0, b"fi"), (5, b"second")):
        assert rounds.store.put_new(chunk_key(PATH, offset), data)
    rounds.spool.folder.mkdir(parents=True, exist_ok=True)
    rounds.spool.save_leftover(Leftover(path=PATH, store="file:///store", end=5, since=since))


@pytest.mark.parametrize("age", [0, MIN_AGE_SECONDS + 1])
def test_chunks_that_were_left_behind_go_when_it_is_time(tmp_path: Path, age: float) -> None:
    rounds = Rounds(tmp_path)
    leave_chunks(rounds, time.time() - age)
    rounds.advance(0)
    covered = [] if age else [chunk_key(PATH, 0)]
    assert sorted(found.key for found in rounds.store.list("")) == [PATH, *covered, chunk_key(PATH, 5)]
    assert bool(rounds.spool.leftovers()) is not bool(age)


def test_chunks_stay_noted_while_the_store_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("refuses")

    rounds = Rounds(tmp_path)
    leave_chunks(rounds, time.time() - MIN_AGE_SECONDS - 1)
    with monkeypatch.context() as refusing:
        refusing.setattr(rounds.store, "delete", fail)
        rounds.advance(0)
    assert rounds.spool.leftovers()
    rounds.advance(CLEAN_SECONDS)
    assert rounds.spool.leftovers() == []
    assert rounds.store.size(chunk_key(PATH, 0)) is None
