"""A component that is told to stop while Python collects garbage does stop.

On Airflow 2 the migration check leaves mapped classes behind. SQLAlchemy's weakref callbacks run when these are
collected, and Python discards a SystemExit that a signal handler raises inside such a callback: the component goes on,
or hangs. With this fix, what is left over from the start is never collected.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch

ID = "lost-exit"


def freeze_before(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `run_job`."""

    @wraps(run)
    def run_without_leftovers(*arguments: Any, **options: Any) -> Any:
        gc.freeze()
        return run(*arguments, **options)

    return run_without_leftovers


FIX = Fix(
    id=ID,
    title="A component stops when it is told to, even while Python collects garbage",
    symptom="Now and then a component ignores its first SIGTERM and is killed at the end of the grace period.",
    issue="",
    ends="Airflow's signal handlers no longer raise SystemExit.",
    patches=(Patch("airflow.jobs.job", "run_job", ("eb4090a27ee02ae8", "bad7c59021d10ede"), freeze_before),),
)
