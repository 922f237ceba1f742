"""Runs the cells of the matrix, one system after the other, and keeps each result as soon as it is there."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.faults.catalogue import FAULTS_BY_NAME, SYSTEMS
from bench.faults.estimate import TimeEstimate
from bench.faults.system_fault import SystemFault
from testing.celery_cluster import AIRFLOW
from testing.entrypoint_process import CHECKOUT
from testing.faults.arrangement import Arrangement
from testing.faults.ledger import ledger
from testing.faults.load import TaskLoad
from testing.faults.load_supply import load_supply
from testing.faults.results import FaultCell, FaultResult, FaultResults
from testing.faults.system import AirflowSystem
from testing.faults.trial import FaultTrial
from testing.plain_airflow import install_plain_airflow
from testing.progress_lines import print_progress

MODES = ("runtime", "stock")
RUNNING_SHARE = 20  # the fault comes when a twentieth of the load runs, and as many attempts have ended
LOGS = CHECKOUT / "build" / "faults-logs"  # the ends of the components' logs after what went wrong


class LoadOverError(Exception):
    """A load that has ended too early."""


class FaultMatrix:
    """A run of the matrix with one load. A system serves several faults, as long as none has left anything behind."""

    def __init__(self, results: FaultResults, load: TaskLoad, patience: float) -> None:
        self._results, self._load, self._patience = results, load, patience
        self._stack = ExitStack()
        self._running: tuple[str, str] | None = None
        self._build = describe_build()

    def run(self, cells: Sequence[FaultCell], seconds: float) -> None:
        """Run the cells, in their order, and store their results; begin none after this time."""
        estimate = TimeEstimate(self._results.read(), len(self._load.plan()))
        end = time.monotonic() + seconds
        with self._stack:
            for number, cell in enumerate(cells):
                if time.monotonic() > end:
                    print_progress("the time is over")
                    break
                print_progress(f"[{number + 1}/{len(cells)}] {cell}; {estimate.describe(cells[number:])}")
                began = time.monotonic()
                result = self._result(cell)._replace(
                    build=self._build, seconds=round(time.monotonic() - began, 1)
                )
                self._results.add(cell, result)
                estimate.add(cell, result)
                print_progress(f"[{number + 1}/{len(cells)}] {cell}: {result}")

    def _result(self, cell: FaultCell) -> FaultResult:
        fault = FAULTS_BY_NAME[cell.fault]
        try:
            result = self._run(cell, fault)
        except Exception as error:  # the next cells can still be measured
            self._keep_logs(cell, str(error))
            lines = str(error).strip().splitlines() or [""]
            text = f"{type(error).__name__}: {lines[-1][:200]}"
            result = FaultResult(planned=len(self._load.plan()), error=text)
        if not result.is_good or fault.spoils or fault.arrange:
            self._end()
        return result

    def _run(self, cell: FaultCell, fault: SystemFault) -> FaultResult:
        if fault.arrange or self._running != (cell.system, cell.mode):
            self._end()
            self._start(cell, fault)
        trial = FaultTrial(self._system, self._ledger, self._load, print_progress)
        trial.trigger()
        share = max(1, len(trial.plan) // RUNNING_SHARE)
        trial.wait_for_running(share, share)
        print_progress("the fault begins")
        with load_supply(trial):
            fault.inject(trial)
            end = trial.end_of_fault(fault.beyond_queue)
            check_left(trial)
        if fault.limit and not end.waiting:
            raise LoadOverError("no task waited when the fault had ended")
        print_progress("the fault has ended")
        result = trial.finish(self._patience, end)._replace(resume_limit=fault.limit)
        if not result.meets_goal:
            self._keep_logs(cell, self._system.describe())
        return result

    def _start(self, cell: FaultCell, fault: SystemFault) -> None:
        self._ledger = self._stack.enter_context(ledger())
        self._system = self._stack.enter_context(_system(cell, fault))
        self._load.install(self._system.dags, self._ledger.dsn)
        self._system.start(len(self._load.dag_ids()) + self._load.assets)
        self._running = (cell.system, cell.mode)

    def _end(self) -> None:
        self._running = None
        self._stack.close()

    def _keep_logs(self, cell: FaultCell, text: str) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        (LOGS / f"{'_'.join(cell)}.txt").write_text(text)


def check_left(trial: FaultTrial) -> None:
    """Raise an error if the load has ended before its fault did: the cell would say what an idle system does."""
    if not trial.left():
        raise LoadOverError("the load ended before the fault did")


def describe_build() -> str:
    """Return the latest commit that changed what is measured, with a plus sign if files differ from it."""
    product = ("--", "entrypoint", "astro_runtime_plugin")
    commit = _git("log", "-1", "--format=%h", *product)
    return commit + "+" * bool(_git("status", "--porcelain", *product))


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True)
    return done.stdout.strip()


@contextmanager
def _system(cell: FaultCell, fault: SystemFault) -> Iterator[AirflowSystem]:
    with (
        tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder,
        ExitStack() as stack,
    ):
        home = Path(folder)
        arrangement = stack.enter_context(fault.arrange(home)) if fault.arrange else Arrangement()
        airflow = AIRFLOW if cell.mode == "runtime" else install_plain_airflow(home / "plain")
        system = stack.enter_context(SYSTEMS[cell.system](home=home, airflow=airflow))
        system.arrangement = arrangement
        yield system
