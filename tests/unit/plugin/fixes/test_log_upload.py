from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from astro_runtime_plugin.fixes import log_upload
from astro_runtime_plugin.fixes.log_upload import DEADLINE, DELAYS, PAUSE, allow_retries, retry_upload


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.sleeps = 1000.0, list[float]()
        monkeypatch.setattr(log_upload, "_state", {"may_retry": False, "failed": None})
        monkeypatch.setattr(log_upload, "watch_store", lambda results: None)
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def refuse() -> None:
    raise ConnectionError("refused")


def upload(store: Callable[[], None]) -> None:
    allow_retries(retry_upload(store))()


def test_store_that_refuses_delays_a_process_once(clock: Clock) -> None:
    for _ in range(3):
        with pytest.raises(ConnectionError):
            upload(refuse)
    assert clock.sleeps == list(DELAYS)


def test_retries_come_back_after_the_pause(clock: Clock) -> None:
    with pytest.raises(ConnectionError):
        upload(refuse)
    clock.now += PAUSE + 1
    with pytest.raises(ConnectionError):
        upload(refuse)
    assert clock.sleeps == [*DELAYS, *DELAYS]


def test_slow_store_gets_no_further_attempt(clock: Clock) -> None:
    attempts = list[float]()

    def refuse_late() -> None:
        attempts.append(clock.now)
        clock.now += DEADLINE
        refuse()

    with pytest.raises(ConnectionError):
        upload(refuse_late)
    assert len(attempts) == 1
    assert clock.sleeps == []


def test_triggerer_does_not_wait(clock: Clock) -> None:
    with pytest.raises(ConnectionError):
        retry_upload(refuse)()
    assert clock.sleeps == []
