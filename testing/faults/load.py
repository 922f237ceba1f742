"""The load of a fault test: which tasks it has, and how it gets into a DAG folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from testing.faults.attempts import PlannedTask, TaskId

DAG_FILE = Path(__file__).with_name("load_dags.py")
SETTINGS_FILE = "fault_load.json"
KINDS = ("plain", "mapped", "deferred", "sensors", "assets")
FOREVER = 99


class TaskLoad(NamedTuple):
    """How many tasks of each kind there are, and for how many seconds one runs or waits.

    Every second task has 2 retries, the others have none. `assets` counts the pairs of a task that updates an asset (a
    dataset in Airflow 2) and the DAG that the asset triggers.
    """

    plain: int = 80
    mapped: int = 60
    deferred: int = 30
    sensors: int = 20
    assets: int = 10
    seconds: float = 15

    def plan(self) -> list[PlannedTask]:
        """Return all tasks."""
        return [*self._plain(), *self._mapped(), *self._named(), *self._assets()]

    def scaled(self, share: float) -> TaskLoad:
        """Return a share of this load, with at least one task of each kind."""
        counts = {name: max(1, round(getattr(self, name) * share)) for name in KINDS}
        return self._replace(**counts)

    def dag_ids(self) -> list[str]:
        """Return the DAGs that are to be triggered; the assets trigger the others."""
        counts = {"plain": self.plain, "mapped": self.mapped, "deferred": self.deferred}
        counts |= {"sensors": self.sensors, "producers": self.assets}
        return [name for name, count in counts.items() if count]

    def install(self, folder: Path, ledger: str) -> None:
        """Write the DAG file into a DAG folder; `ledger` is the DSN of the ledger."""
        folder.mkdir(exist_ok=True)
        (folder / SETTINGS_FILE).write_text(json.dumps({**self._asdict(), "ledger": ledger}))
        shutil.copy(DAG_FILE, folder / DAG_FILE.name)

    def _plain(self) -> Iterator[PlannedTask]:
        for number in range(self.plain):
            yield PlannedTask(TaskId("plain", f"task_{number}"), retries(number))
        if self.plain:
            yield PlannedTask(TaskId("plain", "fails_once"), 2, 1)
            yield PlannedTask(TaskId("plain", "fails"), 0, FOREVER)

    def _mapped(self) -> Iterator[PlannedTask]:
        for number in range(self.mapped):
            task_id, index = f"task_{number % 2}", number // 2
            yield PlannedTask(TaskId("mapped", task_id, index), retries(number))

    def _named(self) -> Iterator[PlannedTask]:
        for dag_id, count in (("deferred", self.deferred), ("sensors", self.sensors)):
            for number in range(count):
                yield PlannedTask(TaskId(dag_id, f"task_{number}"), retries(number))

    def _assets(self) -> Iterator[PlannedTask]:
        for number in range(self.assets):
            producer = TaskId("producers", f"task_{number}")
            yield PlannedTask(producer, retries(number))
            yield PlannedTask(TaskId(f"consumer_{number}", "task"), 2, trigger=producer)


def retries(number: int) -> int:
    """Return how many retries the task with this number has."""
    return 2 * (number % 2)
