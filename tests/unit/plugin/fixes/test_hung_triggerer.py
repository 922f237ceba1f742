from __future__ import annotations

import math

from astro_runtime_plugin.fixes.hung_triggerer import MIN_ROUNDS, PATIENCE, Silence

THRESHOLD = 30.0
ENOUGH = (PATIENCE + 1) * THRESHOLD + 1


def listen(silence: Silence, last_word: float, times: list[float]) -> list[bool]:
    return [silence.is_final(last_word, THRESHOLD, now) for now in times]


def seconds(first: int, last: float) -> list[float]:
    return [float(second) for second in range(first, int(last) + 1)]


def test_long_silence_is_final() -> None:
    assert listen(Silence(), 0, seconds(1, ENOUGH)).index(True) == ENOUGH - 1


def test_silence_before_the_first_word_is_not_final() -> None:
    assert not any(listen(Silence(), math.inf, seconds(1, 10 * ENOUGH)))


def test_word_after_a_long_call_of_this_process_ends_the_silence() -> None:
    silence = Silence()
    assert listen(silence, 0, [10 * ENOUGH]) == [False]
    assert listen(silence, 10 * ENOUGH + 1, [20 * ENOUGH, 20 * ENOUGH + 1]) == [False, False]


def test_few_rounds_are_not_enough() -> None:
    rounds = [ENOUGH * number for number in range(1, MIN_ROUNDS + 1)]
    assert listen(Silence(), 0, rounds) == [False] * (MIN_ROUNDS - 1) + [True]


def test_threshold_of_zero_turns_it_off() -> None:
    silence = Silence()
    assert not any(silence.is_final(0, 0, now) for now in seconds(1, 10 * ENOUGH))
