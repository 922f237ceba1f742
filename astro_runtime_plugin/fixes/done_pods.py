"""What KubernetesExecutor hears of a pod after that pod is done does not count for its task's next pod.

With `delete_worker_pods` off, the executor labels the pod of a finished attempt, and its watch, which excludes pods
with that label, reports the pod as deleted. The executor concludes that another scheduler has taken the pod over, and
forgets the task. With `delete_worker_pods` on, the watch reports the end of the pod once more when the pod is gone, and
the executor forgets the task, too. If the task has a new pod by then, because the first one failed before it began, the
task was deferred or a sensor was rescheduled, the failure of the new pod is ignored. With this fix the late report is
ignored instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "done-pods"
MAX_PODS = 10_000  # that are remembered, for what the watch reports of them
Pods = dict[tuple[str, str], None]  # namespace and name, in the order in which they were marked
_done: WeakKeyDictionary[Any, Pods] = WeakKeyDictionary()


def ignore_done_pods(change: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Wrap `KubernetesExecutor._change_state`."""

    @wraps(change)
    def change_or_ignore(executor: Any, results: Any, **options: Any) -> None:
        if attempt(ID, False, is_done, executor, results):
            return
        change(executor, results, **options)
        attempt(ID, None, remember, executor, results)

    return change_or_ignore


def is_done(executor: Any, results: Any) -> bool:
    """Return whether a report is a late one about a pod that is done."""
    from airflow.utils.state import TaskInstanceState

    if (results.namespace, results.pod_name) not in _done.get(executor, {}):
        return False
    if executor.kube_config.delete_worker_pods:
        return bool(results.state != TaskInstanceState.RUNNING)
    return bool(results.state == adopted_state())


def remember(executor: Any, results: Any) -> None:
    """Remember a pod that `_change_state` has marked or deleted."""
    from airflow.utils.state import TaskInstanceState

    if results.state in (adopted_state(), TaskInstanceState.RUNNING):
        return
    done = _done.setdefault(executor, {})
    done[results.namespace, results.pod_name] = None
    if len(done) > MAX_PODS:
        del done[next(iter(done))]


def adopted_state() -> Any:
    """Return the state of a pod that another scheduler has adopted."""
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_types import ADOPTED

    return ADOPTED


FIX = Fix(
    id=ID,
    title="A late report about a task's earlier pod does not hide the failure of its next one",
    symptom="A task whose second pod fails, after a deferral or a failed start, stays queued or running for minutes.",
    issue="",
    ends="KubernetesExecutor processes the end of each pod once.",
    patches=(
        Patch(
            "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
            "KubernetesExecutor._change_state",
            ("3d2129a79ff5a0b2",),
            ignore_done_pods,
        ),
    ),
)
