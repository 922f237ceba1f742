"""The scheduler's loop goes on when the pod of a finished task cannot be deleted.

`KubernetesExecutor.sync` processes the results of pods until none are left. During an outage of the API server a pod
cannot be deleted or labelled: its result goes back into the queue, and `sync` takes it again at once. Until the server
is back, the scheduler neither schedules nor sends heartbeats. This fix keeps such results for later rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.outage import Outage, is_outage

ID = "pod-deletion-outage"
PROBLEM = "finished pods are processed later: the Kubernetes API server does not answer"


class Backlog:
    """The results of one executor's pods that wait for the API server, in their order."""

    def __init__(self) -> None:
        self.outage = Outage(PROBLEM)
        self.results: list[Any] = []


_backlogs: WeakKeyDictionary[Any, Backlog] = WeakKeyDictionary()


def keep_results(change: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor._change_state`."""

    @wraps(change)
    def change_or_keep(executor: Any, results: Any, **options: Any) -> None:
        backlog = _backlogs.setdefault(executor, Backlog())
        if backlog.outage.pauses:
            backlog.results.append(results)
            return
        try:
            change(executor, results, **options)
        except Exception as error:
            if not attempt(ID, False, is_outage, error):
                raise
            backlog.outage.fail(error)
            backlog.results.append(results)
        else:
            backlog.outage.end()

    return change_or_keep


def process_kept_results(sync: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `KubernetesExecutor.sync`."""

    @wraps(sync)
    def requeue_and_sync(executor: Any) -> None:
        attempt(ID, None, requeue, executor)
        sync(executor)

    return requeue_and_sync


def requeue(executor: Any) -> None:
    """Put the kept results back into the executor's queue, unless it is too early."""
    backlog = _backlogs.get(executor)
    if backlog and not backlog.outage.pauses:
        while backlog.results:
            executor.result_queue.put(backlog.results[0])
            del backlog.results[0]


EXECUTOR = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor"
FIX = Fix(
    id=ID,
    title="The scheduler's loop goes on if a pod ends during an outage of the Kubernetes API server",
    symptom="When it cannot delete a pod, the scheduler sends no heartbeats and logs `re-queueing` without a pause.",
    issue="",
    ends="`KubernetesExecutor.sync` processes each result at most once in a round.",
    patches=(
        Patch(EXECUTOR, "KubernetesExecutor._change_state", ("3d2129a79ff5a0b2",), keep_results),
        Patch(EXECUTOR, "KubernetesExecutor.sync", ("0e98a55108ee0892",), process_kept_results),
    ),
)
