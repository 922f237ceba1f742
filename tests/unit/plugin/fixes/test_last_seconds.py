"""When a postponed signal is delivered; the proof of the fix shows it with real supervisors."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator

import pytest

from astro_runtime_plugin.fixes.last_seconds import SIGNALS, Postponement
from astro_runtime_plugin.fixes.support.stop_request import limit


@pytest.fixture
def delivered() -> Iterator[list[int]]:
    """What the previous handlers of this process get."""
    numbers: list[int] = []
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, lambda received, frame: numbers.append(received))
    yield numbers
    for number, handler in previous.items():
        signal.signal(number, handler)


def test_signals_wait_for_the_end(delivered: list[int]) -> None:
    postponement = Postponement()
    for number in SIGNALS:
        signal.raise_signal(number)
    assert not delivered
    postponement.end()
    assert sorted(delivered) == sorted(SIGNALS)


def test_signal_limits_the_time_until_the_end(delivered: list[int]) -> None:
    postponement = Postponement()
    assert limit(math.inf) == math.inf
    signal.raise_signal(signal.SIGTERM)
    assert limit(math.inf) < math.inf
    postponement.end()
    assert limit(math.inf) == math.inf


def test_second_signal_of_a_kind_does_not_wait(delivered: list[int]) -> None:
    postponement = Postponement()
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    assert delivered == [signal.SIGINT]
    signal.raise_signal(signal.SIGTERM)
    assert delivered == [signal.SIGINT, signal.SIGTERM]
    postponement.end()
    assert delivered == [signal.SIGINT, signal.SIGTERM]
