from __future__ import annotations

import pytest

from astro_runtime_plugin.fixes.support import retries as module
from astro_runtime_plugin.fixes.support.retries import DISTANCE, PAUSE, Retries


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_failure_is_tried_again_after_a_pause(clock: Clock) -> None:
    retries = Retries(clock)
    assert not retries.waits("a")
    assert retries.fail("a") is True
    assert retries.waits("a")
    assert not retries.waits("b")
    clock.now += PAUSE
    assert not retries.waits("a")
    assert retries.fail("a") is False
    retries.succeed("a")
    assert not retries.waits("a")
    assert retries.fail("a") is True


def test_failures_are_tried_again_one_after_the_other(clock: Clock) -> None:
    retries = Retries(clock)
    for key in range(100):
        retries.fail(key)
    clock.now += PAUSE + 9 * DISTANCE
    assert [key for key in range(100) if not retries.waits(key)] == list(range(10))


def test_what_has_gone_is_forgotten(clock: Clock) -> None:
    retries = Retries(clock)
    retries.fail("gone")
    clock.now += 2 * PAUSE
    retries.fail("other")
    assert list(retries._due) == ["other"]


def test_number_of_keys_is_limited(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KEYS", 2)
    retries = Retries(clock)
    for key in "abc":
        retries.fail(key)
    assert list(retries._due) == ["a", "b"]
