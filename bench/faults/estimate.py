"""How long the rest of the matrix will take, by what its cells have taken so far. Everything here is pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean

from testing.faults.results import FaultCell, FaultResult

# For a system that has no result yet: its start, and two seconds for each task on two cores.
START_SECONDS, TASK_SECONDS = 60.0, 2.0


class TimeEstimate:
    """An estimate from the results of a load of this many tasks."""

    def __init__(self, results: Mapping[FaultCell, FaultResult], planned: int) -> None:
        self._planned = planned
        self._seconds: dict[tuple[str, str], list[float]] = {}
        for cell, result in results.items():
            self.add(cell, result)

    def add(self, cell: FaultCell, result: FaultResult) -> None:
        """Take a result into account, if it is of the same load."""
        if result.planned == self._planned and result.seconds:
            self._seconds.setdefault((cell.system, cell.mode), []).append(result.seconds)

    def seconds(self, cells: Iterable[FaultCell]) -> float:
        """Return how long cells will take: each as long as those of the same system and mode, or of all systems."""
        everything = [seconds for each in self._seconds.values() for seconds in each]
        default = mean(everything) if everything else START_SECONDS + TASK_SECONDS * self._planned
        means = {key: mean(each) for key, each in self._seconds.items()}
        return sum(means.get((cell.system, cell.mode), default) for cell in cells)

    def describe(self, cells: Iterable[FaultCell]) -> str:
        """Return the estimate as a text."""
        minutes = round(self.seconds(cells) / 60)
        return f"about {minutes // 60} h {minutes % 60:02} min to go"
