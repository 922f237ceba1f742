"""Interleaved measurements: a machine that slows down affects everything that is compared."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping


def medians(measurements: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Measure each in turn, after one warm-up round; return the median of each, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in measurements}
    for number in range(rounds + 1):
        for name, measure in measurements.items():
            seconds = measure()
            if number:
                times[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in times.items()}
