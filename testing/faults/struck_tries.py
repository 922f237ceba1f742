"""The tries of tasks whose own process, or supervisor, or pod a fault has killed. Only these may count as cut off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from testing.faults.attempts import INTERRUPTED, AirflowTry, Attempt, TaskId


class StruckTries:
    """The tries that a fault struck, and how long Airflow took to end them."""

    def __init__(self) -> None:
        self._tries: set[tuple[TaskId, int]] = set()
        # With the moment of the strike, by the ledger's clock.
        self._unsettled: dict[tuple[TaskId, int], float] = {}
        self._slowest: float | None = None

    def add(self, tries: Iterable[AirflowTry], moment: float) -> None:
        """Add tries that were struck at a moment."""
        new = {(each.task, each.number) for each in tries} - self._tries
        self._tries |= new
        self._unsettled |= dict.fromkeys(new, moment)

    def look(self, current: Collection[AirflowTry], moment: float) -> None:
        """Take note of the tries that are still running by Airflow's own word."""
        running = {(each.task, each.number) for each in current}
        for each in self._unsettled.keys() - running:
            self._slowest = max(self._slowest or 0, moment - self._unsettled.pop(each))

    @property
    def by_task(self) -> dict[TaskId, set[int]]:
        """Return the numbers of the tries of each task."""
        numbers: dict[TaskId, set[int]] = {}
        for task, number in self._tries:
            numbers.setdefault(task, set()).add(number)
        return numbers

    @property
    def all(self) -> list[AirflowTry]:
        """Return the tries."""
        return [AirflowTry(*each) for each in sorted(self._tries)]

    @property
    def seconds_to_settle(self) -> float | None:
        """Return how long it took until Airflow had ended the slowest; None if one runs, or none was struck."""
        return None if self._unsettled else self._slowest


def tries_of(
    killed: Collection[int],
    supervisors: Mapping[int, int],
    attempts: Iterable[Attempt],
    running: Iterable[AirflowTry],
) -> list[AirflowTry]:
    """Return the tries whose process, or its supervisor, is among the `killed` processes, and that it cut off.

    `supervisors` has the parent of each process that ran a task's code. A try whose code had not yet begun is in
    `running`, which Airflow says, but not in the ledger.
    """

    def is_hit(pid: int | None) -> bool:
        return pid in killed or (pid is not None and supervisors.get(pid) in killed)

    seen = [
        AirflowTry(each.task, each.try_number)
        for each in attempts
        if each.outcome in (None, INTERRUPTED) and is_hit(each.pid)
    ]
    return [*seen, *(each for each in running if is_hit(each.pid))]
