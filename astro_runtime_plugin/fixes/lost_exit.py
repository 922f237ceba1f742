"""A component that is told to stop while Python collects garbage stops.

On Airflow 2 the migration check leaves mapped classes behind. SQLAlchemy's weakref callbacks run when they are
collected, and Python discards a SystemExit that a signal handler raises inside such a callback: the component goes on,
or hangs. Here what is left over from the start is never collected. Airflow 3.3's migrations map no classes.
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
    title="A component stops when it is told to, also while Python collects garbage",
    symptom="Now and then a component ignores its first SIGTERM, and is killed when the grace period is over.",
    issue="",
    ends="Airflow's signal handlers no longer raise SystemExit.",
    patches=(Patch("airflow.jobs.job", "run_job", ("bad7c59021d10ede",), freeze_before, ("2.11",)),),
)
