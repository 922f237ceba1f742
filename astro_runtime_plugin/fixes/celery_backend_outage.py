"""The scheduler goes on while Celery's result backend is away.

`CeleryExecutor.sync` asks the backend for the states of all tasks, and an error of the connection ends the scheduler.
Here the round is skipped; the tasks' states are fetched when the backend is back. Tasks of a dead scheduler are adopted
in a later round. Both have a limit, after which the error ends the scheduler as stock. A worker that cannot store in
Redis that a task has started fails the task, whose code has not begun. Here it tries again for about five minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.outage import Outage, is_outage
from astro_runtime_plugin.fixes.support.postponement import ADOPTION, postpone_adoption

ID = "celery-backend-outage"
NOT_FETCHED = "the states of tasks are not known: Celery's result backend cannot be reached"
NOT_ADOPTED = "tasks of another scheduler are adopted later: Celery's result backend cannot be reached"
STORE_RETRIES = 60  # with pauses of up to 10 s: about five minutes
_fetching: WeakKeyDictionary[Any, Outage] = WeakKeyDictionary()
_adoption: WeakKeyDictionary[Any, Outage] = WeakKeyDictionary()


def skip_round(update: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `CeleryExecutor.update_all_workload_states`; it raises as stock once the outage is over its limit."""

    @wraps(update)
    def update_or_skip(executor: Any) -> None:
        outage = _fetching.setdefault(executor, Outage(NOT_FETCHED))
        if outage.pauses:
            return
        try:
            update(executor)
        except Exception as error:
            if not attempt(ID, False, is_outage, error) or outage.is_over_limit:
                raise
            outage.fail(error)
        else:
            outage.end()
            if executor in _adoption and executor.workloads:  # whose states were fetched
                _adoption[executor].end()

    return update_or_skip


def adopt_later(adopt: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
    """Wrap `CeleryExecutor.try_adopt_task_instances`; an outage leaves the executor out of the round."""

    @wraps(adopt)
    def adopt_or_postpone(executor: Any, tis: Sequence[Any]) -> Sequence[Any]:
        outage = _adoption.setdefault(executor, Outage(NOT_ADOPTED))
        try:
            not_adopted = adopt(executor, tis)
        except Exception as error:
            if not attempt(ID, False, is_outage, error) or outage.is_over_limit:
                raise
            outage.fail(error)
            return postpone_adoption(executor, error)
        outage.end()
        return not_adopted

    return adopt_or_postpone


def store_longer(store: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `Backend.store_result`, which repeats only if Celery's `result_backend_always_retry` is on."""

    @wraps(store)
    def store_and_retry(backend: Any, *args: Any, **options: Any) -> Any:
        if not backend.always_retry:
            backend.always_retry, backend.max_retries = True, STORE_RETRIES
        return store(backend, *args, **options)

    return store_and_retry


EXECUTOR = "airflow.providers.celery.executors.celery_executor"
FIX = Fix(
    id=ID,
    title="The scheduler outlives an outage of Celery's result backend",
    symptom="The scheduler exits with a connection error when Redis, or another result backend, is away for a moment.",
    issue="",
    ends="CeleryExecutor skips a round when the connection to the result backend fails.",
    patches=(
        Patch(EXECUTOR, "CeleryExecutor.update_all_workload_states", ("ea43f3c2920a64c2",), skip_round),
        Patch(EXECUTOR, "CeleryExecutor.try_adopt_task_instances", ("b34845fd531bde22",), adopt_later),
        Patch("celery.backends.base", "Backend.store_result", ("ab2603cfb12dcd24",), store_longer),
        *ADOPTION,
    ),
)
