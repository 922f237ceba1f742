"""A component that is told to stop while Python forks or collects garbage stops.

Airflow's signal handlers raise SystemExit, and Python discards an exception in a callback: those that run around a
fork, such as the one of `logging`, and those of weak references. The component goes on, or hangs, until it is killed.
A scheduler forks a process for each slot of LocalExecutor, for each watcher of KubernetesExecutor and for what it sends
to Celery. Here the handler does not run in a fork, whose callbacks hold locks, and a signal whose SystemExit has been
discarded comes again. While Airflow 3 starts LocalExecutor's processes, the handler waits, too: a process that was
started and not yet noted was never told to end, and the scheduler waited for it. On Airflow 2 the migration check
leaves mapped classes behind, and SQLAlchemy has callbacks for each of them: what is left over from the start is never
collected.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from traceback import walk_tb
from types import CodeType
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.repeated_signal import SIGNALS, handle_signals_after, repeat

ID = "lost-exit"
LOCAL = "airflow.executors.local_executor"


def repeat_lost_signals(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `run_job`."""

    @wraps(run)
    def run_and_repeat(*arguments: Any, **options: Any) -> Any:
        gc.freeze()
        os.fork = handle_signals_after(os.fork)
        sys.unraisablehook = report_or_repeat(sys.unraisablehook)
        return run(*arguments, **options)

    return run_and_repeat


def report_or_repeat(report: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Wrap the hook that Python calls for an exception that it discards."""

    def call(unraisable: Any) -> None:
        number = attempt(ID, None, find_signal, unraisable)
        if number is None:
            report(unraisable)
        else:
            attempt(ID, None, repeat, number)

    return call


def find_signal(unraisable: Any) -> int | None:
    """Return the signal whose handler has raised the SystemExit that Python discards; None for other exceptions."""
    if not issubclass(unraisable.exc_type, SystemExit):
        return None
    codes = {frame.f_code for frame, _ in walk_tb(unraisable.exc_traceback)}
    return next((number for number in SIGNALS if handler_code(number) in codes), None)


def handler_code(number: int) -> CodeType | None:
    """Return the code of the signal's handler, if it is a function or a method in Python."""
    handler = signal.getsignal(number)
    code: CodeType | None = getattr(getattr(handler, "__func__", handler), "__code__", None)
    return code


FIX = Fix(
    id=ID,
    title="A component stops when it is told to, also while Python forks or collects garbage",
    symptom="Now and then a component ignores its first SIGTERM, or a scheduler does not end after it, and is killed"
    " when the grace period is over.",
    issue="",
    ends="Airflow's signal handlers no longer raise SystemExit.",
    patches=(
        Patch("airflow.jobs.job", "run_job", ("eb4090a27ee02ae8", "bad7c59021d10ede"), repeat_lost_signals),
        Patch(LOCAL, "LocalExecutor.start", ("400f4a5e2ddde736",), handle_signals_after, ("3.3",)),
        Patch(LOCAL, "LocalExecutor._check_workers", ("c7090db880e7e2a7",), handle_signals_after, ("3.3",)),
    ),
)
