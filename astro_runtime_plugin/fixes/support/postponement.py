"""Lets the scheduler skip a round of its periodic work when an executor cannot do its part of it.

The scheduler needs its executor to adopt the tasks of a dead scheduler and to requeue stuck tasks, and an error of the
executor ends the scheduler. What cannot be done now can be done in the next round, as long as this round changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


class PostponedError(Exception):
    """The executor cannot do its part of the round at the moment."""


def skip_postponed(work: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a scheduler method that returns a count or nothing; the error rolls its session back, and 0 is returned."""

    @wraps(work)
    def work_or_skip(runner: Any, *args: Any, **options: Any) -> Any:
        try:
            return work(runner, *args, **options)
        except PostponedError:
            return 0

    return work_or_skip
