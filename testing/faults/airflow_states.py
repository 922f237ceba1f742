"""What Airflow's own database says of the tasks of a load. It is compared with the ledger, not believed."""

from __future__ import annotations

from collections.abc import Iterator

from testing.faults.attempts import AirflowTry, TaskId, round_of
from testing.faults.database import GatedDatabase

STATES = """
    SELECT task_instance.dag_id, task_instance.task_id, task_instance.map_index, task_instance.run_id,
        task_instance.state, task_instance.try_number, task_instance.pid
    FROM task_instance JOIN dag_run
        ON dag_run.dag_id = task_instance.dag_id AND dag_run.run_id = task_instance.run_id
    WHERE dag_run.id > {after} ORDER BY dag_run.id"""


class TaskStates:
    """The tasks in the runs behind the DAG run `after`."""

    def __init__(self, database: GatedDatabase, after: int) -> None:
        self._database, self._after = database, after

    def states(self) -> dict[TaskId, str | None]:
        """Return the state of each task."""
        return {task: state for task, state, *_ in self._rows()}

    def tries(self, *states: str | None) -> list[AirflowTry]:
        """Return the current try of each task that is in one of these states."""
        return [AirflowTry(task, number, pid) for task, state, number, pid in self._rows() if state in states]

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
