"""Whether what a component uses is flat over time. Everything here is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from testing.faults.component_usage import UsageSample

FLAT = 1.1  # of what it was
MEBIBYTE = 1 << 20


class Growth(NamedTuple):
    """A component's median memory (MiB) and connections in the second and the last quarter, and its starts.

    In the first quarter everything is imported, and pools are filled.
    """

    component: str
    memory: tuple[float, float]
    connections: tuple[float, float]
    starts: int

    @property
    def is_flat(self) -> bool:
        """Whether neither has grown by more than a tenth, or one connection."""
        early, late = self.connections
        return self.memory[1] <= self.memory[0] * FLAT and late <= max(early * FLAT, early + 1)


def measure_growth(samples: Sequence[UsageSample]) -> list[Growth]:
    """Return the growth of each component."""
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter] or samples[:1], samples[-quarter:]

    def medians(name: str, parts: Sequence[Sequence[Mapping[str, int]]]) -> tuple[float, float]:
        first, last = (median(part.get(name, 0) for part in each) for each in parts)
        return first, last

    growths = []
    for name in samples[-1].memory:
        memory = medians(name, ([each.memory for each in early], [each.memory for each in late]))
        connections = medians(
            name, ([each.connections for each in early], [each.connections for each in late])
        )
        in_mebibytes = (memory[0] / MEBIBYTE, memory[1] / MEBIBYTE)
        growths.append(Growth(name, in_mebibytes, connections, samples[-1].starts[name]))
    return growths
