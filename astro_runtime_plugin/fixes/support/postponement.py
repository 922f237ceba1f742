"""Lets the scheduler skip a round of its periodic work when an executor cannot do its part of it.

The scheduler adopts tasks of a dead scheduler, and requeues tasks that are stuck, together with the executor. An error
of the executor's ends the scheduler. What it cannot do now, it can do in the next round, as long as this one changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


class PostponedError(Exception):
    """The executor cannot do its part of the round at the moment."""


def skip_postponed(work: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method of the scheduler's that returns a count or nothing; its session is rolled back."""

    @wraps(work)
    def work_or_skip(runner: Any, *args: Any, **options: Any) -> Any:
        try:
            return work(runner, *args, **options)
        except PostponedError:
            return 0

    return work_or_skip
