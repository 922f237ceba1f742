"""The scheduler's loop goes on when the pod of a finished task cannot be deleted.

`KubernetesExecutor.sync` processes the results of pods until there are none. When the API server is away, a pod cannot
be deleted or marked, the result goes back into the queue, and `sync` takes it again at once, until the server is back:
the scheduler neither schedules nor sends heartbeats. Here such results are kept for later rounds (`pod_backlog`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.pod_backlog import Backlog, finish_without_deletion

ID = "pod-deletion-outage"
_backlogs: WeakKeyDictionary[Any, Backlog] = WeakKeyDictionary()


def keep_results(change: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor._change_state`."""

    @wraps(change)
    def change_or_keep(executor: Any, results: Any, **options: Any) -> None:
        backlog = _backlogs.setdefault(executor, Backlog())
        backlog.process(results, lambda result: change(executor, result, **options))

    change_or_keep.change = change  # type: ignore[attr-defined]
    return change_or_keep


def process_kept_results(sync: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `KubernetesExecutor.sync`."""

    @wraps(sync)
    def requeue_and_sync(executor: Any) -> None:
        attempt(ID, None, requeue, executor)
        sync(executor)
        attempt(ID, None, retry, executor)

    return requeue_and_sync


def requeue(executor: Any) -> None:
    """Put the results that were not tried back into the executor's queue, unless it is too early."""
    if backlog := _backlogs.get(executor):
        for result in backlog.take_untried():
            executor.result_queue.put(result)


def retry(executor: Any) -> None:
    """Try again what has failed; Airflow gets what fails for another reason than an outage."""
    if backlog := _backlogs.get(executor):
        change = partial(type(executor)._change_state.change, executor)
        for result in backlog.retry(change, partial(finish_without_deletion, executor, change)):
            executor.result_queue.put(result)


EXECUTOR = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor"
FIX = Fix(
    id=ID,
    title="The scheduler's loop goes on when the API server is away while a pod ends",
    symptom="The scheduler sends no heartbeats, and logs `re-queueing` without a pause, when it cannot delete a pod.",
    issue="",
    ends="KubernetesExecutor.sync processes each result at most once in a round.",
    patches=(
        Patch(EXECUTOR, "KubernetesExecutor._change_state", ("3d2129a79ff5a0b2",), keep_results),
        Patch(EXECUTOR, "KubernetesExecutor.sync", ("0e98a55108ee0892",), process_kept_results),
    ),
)
