"""What Airflow's own database says of the tasks of a load. It is compared with the ledger, not believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from testing.faults.attempts import AirflowTry, TaskId, round_of
from testing.faults.database import GatedDatabase

STATES = """
    SELECT task_instance.dag_id, task_instance.task_id, task_instance.map_index, task_instance.run_id,
        task_instance.state, task_instance.try_number, task_instance.pid
    FROM task_instance JOIN dag_run
        ON dag_run.dag_id = task_instance.dag_id AND dag_run.run_id = task_instance.run_id
    WHERE dag_run.id > {after} ORDER BY dag_run.id"""
RUNS = """
    SELECT dag_id, run_id, state FROM dag_run
    WHERE id > {after} AND state NOT IN ('success', 'failed') ORDER BY id"""


class OpenRun(NamedTuple):
    """A DAG run that Airflow has not ended; `run_id` is that of its tasks."""

    dag_id: str
    run_id: str
    state: str

    def __str__(self) -> str:
        return f"{self.dag_id} {self.run_id} hung: its tasks have ended, Airflow says {self.state}"


class TaskStates:
    """The tasks in the runs behind the DAG run `after`, and these runs."""

    def __init__(self, database: GatedDatabase, after: int) -> None:
        self._database, self._after = database, after

    def states(self) -> dict[TaskId, str | None]:
        """Return the state of each task."""
        return {task: state for task, state, *_ in self._rows()}

    def tries(self, *states: str | None) -> list[AirflowTry]:
        """Return the current try of each task that is in one of these states."""
        return [AirflowTry(task, number, pid) for task, state, number, pid in self._rows() if state in states]

    def open_runs(self) -> list[OpenRun]:
        """Return the runs that have not ended."""
        rows = self._database.sql(RUNS.format(after=self._after))
        return [OpenRun(str(dag), round_of(str(run)), str(state)) for dag, run, state in rows]

    def _rows(self) -> Iterator[tuple[TaskId, str | None, int, int | None]]:
        for dag, task, index, run, state, number, pid in self._database.sql(STATES.format(after=self._after)):
            identity = TaskId(str(dag), str(task), int(str(index)), round_of(str(run)))
            yield (
                identity,
                None if state is None else str(state),
                int(str(number)),
                None if pid is None else int(str(pid)),
            )


def last_run(database: GatedDatabase) -> int:
    """Return the id of the latest DAG run, to tell later ones from; 0 if there is none."""
    return int(str(database.sql("SELECT coalesce(max(id), 0) FROM dag_run")[0][0]))
