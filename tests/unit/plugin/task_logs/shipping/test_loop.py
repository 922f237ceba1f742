from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.loop import MAX_BACKOFF_SECONDS, SHIP_SECONDS, ShippingLoop
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import BLOCK_BYTES, LogStore, StoreError, open_store

PATH = "attempt=1.log"


class Rounds:
    """A loop whose clock stands still between two rounds."""

    def __init__(self, home: Path, open_it: object = None) -> None:
        self.now = 0.0
        self.spool = Spool(home / "logs")
        self.store = open_store(TaskLogSettings(url=f"file://{home}/store"))
        self.file = home / "logs" / PATH
        self.failure: Exception | None = None
        self.attempts = 0
        self.loop = ShippingLoop(self.spool, "file:///store", self.open, clock=lambda: self.now)

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


def test_loop_with_nothing_to_do_is_idle(tmp_path: Path) -> None:
    rounds = Rounds(tmp_path)
    assert not rounds.loop.is_idle(10)
    rounds.advance(10)
    assert rounds.loop.is_idle(10)


def test_loop_with_a_quiet_log_is_not_idle(rounds: Rounds) -> None:
    for _ in range(10):
        rounds.advance(10)
    assert not rounds.loop.is_idle(10)
