"""The task that a fault of a single task is for: one that runs on for a while, so that the fault hits it."""

from __future__ import annotations

from collections.abc import Collection

from testing.faults.attempts import DONE, FAILED, AirflowTry, Attempt, youngest_at_work
from testing.faults.trial import FaultTrial
from testing.waiting import wait_until


class MissedError(Exception):
    """A fault that hit no task, whose cell has no result: it would say that nothing is ever lost."""


def choose_victim(trial: FaultTrial) -> Attempt:
    """Return the youngest attempt that works, with most of its work ahead; wait until there is one."""

    def find() -> Attempt | None:
        return youngest_at_work(trial.running(), trial.ledger.now() - trial.load.seconds / 2)

    victim: Attempt = wait_until(find, trial.system.describe)
    return victim


def check_hit(tries: Collection[AirflowTry]) -> None:
    """Raise an error if a fault that kills has struck no try."""
    if not tries:
        raise MissedError("the fault hit no task")


def check_not_over(trial: FaultTrial, victim: Attempt) -> None:
    """Raise an error if the code of the victim had already come to its own end."""
    key = (victim.task, victim.try_number, victim.start)
    current = [each for each in trial.attempts() if (each.task, each.try_number, each.start) == key]
    if any(each.outcome in (DONE, FAILED) for each in current):
        raise MissedError("the fault hit no task")
