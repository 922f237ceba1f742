"""Interleaved measurements: a machine that slows down affects everything that is compared."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping


def medians(measurements: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Measure each in turn, after one warm-up round; return the median of each, in seconds."""
    return {name: statistics.median(times) for name, times in _measure(measurements, rounds).items()}


def minima(measurements: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Measure each in turn, after one warm-up round; return the least of each, in seconds.

    It suits processor time: other processes only ever add to it.
    """
    return {name: min(times) for name, times in _measure(measurements, rounds).items()}


def _measure(measurements: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in measurements}
    for number in range(rounds + 1):
        for name, measure in measurements.items():
            seconds = measure()
            if number:
                times[name].append(seconds)
    return times
