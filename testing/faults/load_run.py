"""A load on a running system: the rounds of it that have begun, and what Airflow and the ledger say of their tasks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from testing.faults.airflow_states import OpenRun, TaskStates, last_run
from testing.faults.attempts import ROUND, AirflowTry, Attempt, PlannedTask, TaskId, in_round
from testing.faults.judgement import ENDED, is_untriggered
from testing.faults.ledger import Ledger
from testing.faults.load import TaskLoad
from testing.faults.standstill import waits
from testing.faults.system import AirflowSystem
from testing.waiting import wait_until

RECENT_SECONDS = 2.0  # an attempt that was seen in this time runs
Announce = Callable[[str], None]


class LoadRun:
    """A load that runs on a system, in `rounds`; `plan` are the tasks of all of them."""

    def __init__(
        self, system: AirflowSystem, ledger: Ledger, load: TaskLoad, announce: Announce = lambda text: None
    ) -> None:
        self.system, self.ledger, self.load = system, ledger, load
        self.plan: list[PlannedTask] = []
        self.rounds = 0
        self.announce = announce
        self._states = TaskStates(system.database, last_run(system.database))
        self._first_attempt = ledger.last_id()

    def trigger(self) -> None:
        """Create the runs of the next round of the load, with assets in the first: their later events may be merged."""
        run_id = f"{ROUND}{last_run(self.system.database)}"
        load = self.load._replace(assets=0) if self.rounds else self.load
        self.system.execute(*(f"dags trigger {dag_id} --run-id {run_id}" for dag_id in load.dag_ids()))
        self.plan += [in_round(planned, run_id) for planned in load.plan()]
        self.rounds += 1

    def attempts(self) -> list[Attempt]:
        """Return the attempts so far."""
        return self.ledger.attempts(self._first_attempt)

    def states(self) -> dict[TaskId, str | None]:
        """Return Airflow's states of the tasks."""
        return self._states.states()

    def running(self) -> list[Attempt]:
        """Return the attempts that run now."""
        since = self.ledger.now() - RECENT_SECONDS
        return [attempt for attempt in self.attempts() if attempt.outcome is None and attempt.end > since]

    def wait_for_running(self, count: int, done: int = 0, seconds: float = 600) -> None:
        """Wait until this many tasks run and this many attempts have ended."""

        def are_enough() -> bool:
            ended = sum(attempt.outcome is not None for attempt in self.attempts())
            return ended >= done and len(self.running()) >= count

        wait_until(are_enough, self.system.describe, seconds=seconds)

    def current_tries(self, *states: str | None) -> list[AirflowTry]:
        """Return the current tries that are in one of these states, as Airflow says."""
        return self._states.tries(*states)

    def left(self) -> int:
        """Return how many tasks have not ended."""
        states = self.states()
        return sum(
            states.get(planned.task) not in ENDED and not is_untriggered(planned, states)
            for planned in self.plan
        )

    def open_runs(self, hung: Iterable[TaskId] = ()) -> list[OpenRun]:
        """Return the runs of the load that have not ended, but for those of tasks that are hung."""
        dags = {planned.task.dag_id for planned in self.plan}
        excused = {(task.dag_id, task.run_id) for task in hung}
        runs = [run for run in self._states.open_runs() if run.dag_id in dags]
        return [run for run in runs if (run.dag_id, run.run_id) not in excused]

    def waiting(self, kinds: Collection[str | None]) -> list[TaskId]:
        """Return the tasks that wait now; not those that run though Airflow has queued them again."""
        states, running = self.states(), {attempt.task for attempt in self.running()}
        waiting = [planned.task for planned in self.plan if waits(planned, states, kinds)]
        return [task for task in waiting if task not in running]
