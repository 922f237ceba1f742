"""What a fault did to a system: one result for each cell of the matrix, kept in a file so that a run can go on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from testing.installed_line import LINE

# Seconds without a heartbeat until a try is given up (the Runtime's default), and a minute to notice that.
SETTLE_LIMIT = {"3.3": 660, "2.11": 300}[LINE] + 60
# Of what a result means; those of another version count as not measured. 2: `resumed` is the longest standstill, and
# the load goes on while the fault lasts.
VERSION = 2


class FaultCell(NamedTuple):
    """A cell of the matrix: line ("3.3"), system ("celery-redis", "kubernetes"), fault, and "runtime" or "stock"."""

    line: str
    system: str
    fault: str
    mode: str

    def __str__(self) -> str:
        return " ".join(self)


class FaultResult(NamedTuple):
    """The outcome of a cell. Times in seconds count from the end of the fault.

    `planned` is how many tasks the load has, which began in `rounds` until the fault had ended. `resumed` is the
    longest standstill (standstill.py) of the `waiting` tasks that should have moved on; it is to be no longer than
    `resume_limit`, if there is one. `finished` is when the last task and DAG run had ended; None if that never
    happened. `hung_runs` are the DAG runs that have not ended though their tasks have. `settled` is when Airflow
    had ended the last try whose process the fault killed, `struck` how many there were, and `unexplained` how many
    of their logs say nothing about it. `examples` say what became of up to five of the tasks, and runs, with which
    something is wrong. `error` is why there is no outcome; it is empty where there is one. `build` is what was
    measured, `seconds` is how long the cell took.
    """

    planned: int = 0
    lost: int = 0
    hung: int = 0
    overlaps: int = 0
    misreported: int = 0
    cut_off: int = 0
    repeated: int = 0
    resumed: float | None = None
    finished: float | None = None
    examples: tuple[str, ...] = ()
    error: str = ""
    unreported: int = 0
    waiting: int = 0
    resume_limit: float | None = None
    struck: int = 0
    settled: float | None = None
    unexplained: int = 0
    build: str = ""
    seconds: float = 0
    version: int = VERSION
    rounds: int = 1
    hung_runs: int = 0

    def is_of(self, planned: int) -> bool:
        """Whether it was measured with a load of `planned` tasks, and means what results mean now."""
        return (self.planned, self.version) == (planned, VERSION)

    @property
    def is_good(self) -> bool:
        """Whether no task is lost, hung, run twice at the same time or misreported, and no DAG run hung."""
        hung = self.hung or self.hung_runs
        return not (self.error or self.lost or hung or self.overlaps or self.misreported)

    @property
    def resumes_late(self) -> bool:
        """Whether what waited moved later than it should."""
        if self.resume_limit is None or not self.waiting:
            return False
        return self.resumed is None or self.resumed > self.resume_limit

    @property
    def settles_late(self) -> bool:
        """Whether a killed try was noticed later than the documentation says."""
        return bool(self.struck) and (self.settled is None or self.settled > SETTLE_LIMIT)

    @property
    def meets_goal(self) -> bool:
        """Whether nothing is wrong, late or unexplained."""
        return self.is_good and not (self.resumes_late or self.settles_late or self.unexplained)


class FaultResults:
    """The results in a file with a JSON object in each line; a cell's last line counts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, cell: FaultCell, result: FaultResult) -> None:
        """Append the result of a cell."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a") as file:
            file.write(json.dumps({"cell": cell._asdict(), "result": result._asdict()}) + "\n")

    def read(self) -> dict[FaultCell, FaultResult]:
        """Return the last result of each cell; a line that was cut off in an interrupted run does not count."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return dict(_entries(lines))


def _entries(lines: Iterable[str]) -> Iterable[tuple[FaultCell, FaultResult]]:
    for line in lines:
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        values = {"version": 1, **entry["result"], "examples": tuple(entry["result"]["examples"])}
        yield FaultCell(**entry["cell"]), FaultResult(**values)
