"""One load on a running system, with a fault in its midst: from the trigger to the result."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import psutil  # type: ignore[import-untyped]

from testing.faults.attempts import AirflowTry, TaskId
from testing.faults.examples import examples
from testing.faults.judgement import judge
from testing.faults.ledger import Ledger
from testing.faults.load import TaskLoad
from testing.faults.load_run import Announce, LoadRun
from testing.faults.results import FaultResult
from testing.faults.standstill import UNQUEUED, WAITING, first_start, longest_standstill, note_queued
from testing.faults.struck_tries import StruckTries, tries_of
from testing.faults.supervised_component import SupervisedComponent, kill_family
from testing.faults.system import AirflowSystem
from testing.faults.try_log import count_unexplained

REPORT_SECONDS = 1.0  # in which what a killed process has sent still arrives


class FaultEnd(NamedTuple):
    """The end of a fault by the ledger's clock, and the tasks that waited then, of which each must move on.

    With `beyond_queue` they were not queued yet, and move when they are.
    """

    moment: float
    waiting: list[TaskId]
    beyond_queue: bool = False


class FaultTrial(LoadRun):
    """The run of a load with a fault; `struck` are the tries whose process that kills."""

    def __init__(
        self, system: AirflowSystem, ledger: Ledger, load: TaskLoad, announce: Announce = lambda text: None
    ) -> None:
        super().__init__(system, ledger, load, announce)
        self.struck = StruckTries()

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

    def signal_alone(
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

    def end_of_fault(self, beyond_queue: bool = False) -> FaultEnd:
        """Return what is to move on from now; with `beyond_queue` only the tasks that are not queued yet."""
        moment = self.ledger.now()
        return FaultEnd(moment, self.waiting(UNQUEUED if beyond_queue else WAITING), beyond_queue)

    def finish(self, patience: float, end: FaultEnd | None = None) -> FaultResult:
        """Wait until all tasks and runs have ended, or nothing has changed for `patience` seconds, and judge.

        The fault has ended now, if no `end` says otherwise.
        """
        end = end or self.end_of_fault()
        queued: dict[TaskId, float] = {}
        progress: Any = None
        changed = time.monotonic()
        while (left := self.left() + len(self.open_runs())) and time.monotonic() - changed < patience:
            self._look(end, queued)
            if (current := (left, len(self.attempts()))) != progress:
                progress, changed = current, time.monotonic()
                self.announce(f"{left} tasks and runs to go, of {len(self.plan)} tasks")
            time.sleep(1)
        self._look(end, queued)
        finished = None if left else self.ledger.now() - end.moment
        resumed = self._standstill(end, queued)
        return self._result()._replace(finished=finished, waiting=len(end.waiting), resumed=resumed)

    def _look(self, end: FaultEnd, queued: dict[TaskId, float]) -> None:
        now = self.ledger.now()
        self.struck.look(self.current_tries("running"), now)
        note_queued(queued, end.waiting, self.states(), now)

    def _standstill(self, end: FaultEnd, queued: Mapping[TaskId, float]) -> float | None:
        attempts = self.attempts()
        starts = {task: first_start(attempts, task, end.moment) for task in end.waiting}
        times = queued if end.beyond_queue else starts
        moves = [times.get(task) for task in end.waiting]
        return longest_standstill(attempts, moves, end.moment, self.system.kind.all_slots)

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
            unexplained=count_unexplained(self.system.home / "logs", self.struck.all, attempts),
            repeated=judgement.repeated,
            examples=tuple(examples(judgement, attempts, states, hung_runs)),
        )
