"""A load that comes again and again, whatever has become of the one before."""

from __future__ import annotations

from testing.faults.attempts import PlannedTask
from testing.faults.trial import FaultTrial


class SoakTrial(FaultTrial):
    """A trial whose load runs in rounds, each in DAG runs of its own; all of them are judged together at the end."""

    by_run = True
    _rounds = 0

    def trigger(self) -> None:
        """Create the runs of the next round."""
        if not self._rounds:
            self._plan_of_a_round, self.plan = self.plan, []
        self._rounds += 1
        run_id = f"soak-{self._rounds}"
        self.system.execute(*(f"dags trigger {dag_id} --run-id {run_id}" for dag_id in self.load.dag_ids()))
        self.plan += [in_run(planned, run_id) for planned in self._plan_of_a_round]


def in_run(planned: PlannedTask, run_id: str) -> PlannedTask:
    """Return a planned task as one of a run."""
    return planned._replace(task=planned.task._replace(run_id=run_id))
