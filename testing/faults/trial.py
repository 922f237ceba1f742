"""One load on a running system, with a fault in its midst: from the trigger to the result."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]

from testing.faults.airflow_states import OpenRun, TaskStates, last_run
from testing.faults.attempts import DONE, ROUND, AirflowTry, Attempt, PlannedTask, TaskId, in_round
from testing.faults.judgement import ENDED, Judgement, is_untriggered, judge
from testing.faults.ledger import Ledger
from testing.faults.load import TaskLoad
from testing.faults.results import FaultResult
from testing.faults.standstill import UNQUEUED, WAITING, longest_standstill, waits
from testing.faults.struck_tries import StruckTries, tries_of
from testing.faults.supervised_component import SupervisedComponent, kill_family
from testing.faults.system import AirflowSystem
from testing.faults.try_log import is_explained
from testing.waiting import wait_until

RECENT_SECONDS = 2.0  # an attempt that was seen in this time runs
REPORT_SECONDS = 1.0  # in which what a killed process has sent still arrives
EXAMPLES = 5
Announce = Callable[[str], None]


class FaultEnd(NamedTuple):
    """The end of a fault by the ledger's clock, and the tasks that waited then."""

    moment: float
    waiting: list[TaskId]


class FaultTrial:
    """A load that runs on a system, in `rounds`; `struck` are the tries whose process the fault kills."""

    def __init__(
        self, system: AirflowSystem, ledger: Ledger, load: TaskLoad, announce: Announce = lambda text: None
    ) -> None:
        self.system, self.ledger, self.load = system, ledger, load
        self.plan: list[PlannedTask] = []
        self.rounds = 0
        self.struck = StruckTries()
        self._announce = announce
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

    def kill(self, component: SupervisedComponent) -> None:
        """Kill a component, and remember the tries that this cuts off."""
        supervisors = self._supervisors()
        self._strike(component.kill(), supervisors)

    def kill_family(self, *processes: psutil.Process) -> list[AirflowTry]:
        """Kill processes with all of their children; remember and return the tries that this cuts off."""

        def family() -> list[psutil.Process]:
            return [each for process in processes for each in (process, *process.children(recursive=True))]

        supervisors = self._supervisors()
        return self._strike(kill_family(family), supervisors)

    def kill_alone(
        self, process: psutil.Process, number: signal.Signals = signal.SIGKILL
    ) -> list[AirflowTry]:
        """End one process, which its children outlive; remember and return the tries that this cuts off."""
        supervisors = self._supervisors()
        process.send_signal(number)
        return self._strike({process.pid}, supervisors)

    def strike(self, tries: Iterable[AirflowTry]) -> list[AirflowTry]:
        """Remember and return tries that the fault cuts off."""
        struck = list(tries)
        self.struck.add(struck, self.ledger.now())
        return struck

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
        dags, excused = {planned.task.dag_id for planned in self.plan}, {task[::3] for task in hung}
        runs = self._states.open_runs()
        return [run for run in runs if run.dag_id in dags and run[:2] not in excused]

    def end_of_fault(self, beyond_queue: bool = False) -> FaultEnd:
        """Return what is to move on from now; with `beyond_queue` only the tasks that are not queued yet."""
        moment = self.ledger.now()
        return FaultEnd(moment, self._waiting(UNQUEUED if beyond_queue else WAITING))

    def finish(self, patience: float, end: FaultEnd | None = None) -> FaultResult:
        """Wait until all tasks and runs have ended, or nothing has changed for `patience` seconds, and judge.

        The fault has ended now, if no `end` says otherwise.
        """
        moment, waiting = end or self.end_of_fault()
        progress: Any = None
        changed = time.monotonic()
        while (left := self.left() + len(self.open_runs())) and time.monotonic() - changed < patience:
            self.struck.look(self.current_tries("running"), self.ledger.now())
            if (current := (left, len(self.attempts()))) != progress:
                progress, changed = current, time.monotonic()
                self._announce(f"{left} tasks and runs to go, of {len(self.plan)} tasks")
            time.sleep(1)
        self.struck.look(self.current_tries("running"), self.ledger.now())
        finished = None if left else self.ledger.now() - moment
        resumed = longest_standstill(self.attempts(), waiting, moment, self.system.kind.all_slots)
        return self._result()._replace(finished=finished, waiting=len(waiting), resumed=resumed)

    def _waiting(self, kinds: Collection[str | None]) -> list[TaskId]:
        """Return the tasks that wait now; not those that run though Airflow has queued them again."""
        states, running = self.states(), {attempt.task for attempt in self.running()}
        waiting = [planned.task for planned in self.plan if waits(planned, states, kinds)]
        return [task for task in waiting if task not in running]

    def _supervisors(self) -> dict[int, int]:
        """Return the parent of each process that runs a task's code."""
        parents = {}
        for attempt in self.running():
            with contextlib.suppress(psutil.NoSuchProcess):
                parents[attempt.pid] = psutil.Process(attempt.pid).ppid()
        return parents

    def _strike(self, killed: Collection[int], supervisors: Mapping[int, int]) -> list[AirflowTry]:
        moment = self.ledger.now()
        time.sleep(REPORT_SECONDS)
        running = self.current_tries("running")
        struck = tries_of(killed, supervisors, self.attempts(), running)
        self.struck.add(struck, moment)
        return struck

    def _unexplained(self, attempts: list[Attempt]) -> int:
        done = {(each.task, each.try_number) for each in attempts if each.outcome == DONE}
        logs = self.system.home / "logs"
        return sum(
            (each.task, each.number) not in done and not is_explained(logs, each) for each in self.struck.all
        )

    def _result(self) -> FaultResult:
        attempts = self.attempts()
        states = self.states()
        judgement = judge(self.plan, attempts, states, self.struck.by_task)
        hung_runs = self.open_runs(judgement.hung)
        return FaultResult(
            planned=len(self.load.plan()),
            rounds=self.rounds,
            lost=len(judgement.lost),
            hung=len(judgement.hung),
            hung_runs=len(hung_runs),
            overlaps=len(judgement.overlaps),
            misreported=len(judgement.misreported),
            cut_off=judgement.cut_off,
            unreported=judgement.unreported,
            struck=len(self.struck.all),
            settled=self.struck.seconds_to_settle,
            unexplained=self._unexplained(attempts),
            repeated=judgement.repeated,
            examples=(
                *self._examples(judgement, attempts, states),
                *(str(run) for run in hung_runs[:EXAMPLES]),
            ),
        )

    def _examples(
        self, judgement: Judgement, attempts: list[Attempt], states: dict[TaskId, str | None]
    ) -> Iterable[str]:
        wrong = {
            "lost": judgement.lost,
            "hung": judgement.hung,
            "twice at once": judgement.overlaps,
            "misreported": judgement.misreported,
        }
        for fate, tasks in wrong.items():
            for task in tasks[:EXAMPLES]:
                seen = [f"{each.try_number}:{each.outcome}" for each in attempts if each.task == task]
                yield f"{task} {fate}: Airflow says {states.get(task)}, the ledger {' '.join(seen) or 'nothing'}"
