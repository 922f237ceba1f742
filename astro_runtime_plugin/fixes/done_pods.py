"""A pod that KubernetesExecutor has marked as done is not mistaken for one that another scheduler has adopted.

With `delete_worker_pods` off, the executor labels the pod of a finished attempt, and its watch, which excludes pods
with that label, reports the pod as deleted. The executor concludes that another scheduler has taken the pod over, and
forgets the task. If the task has a new pod by then, because the first one failed before it began or because the task
was deferred, the state of the new pod is ignored. With this fix the report is ignored instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "done-pods"
MAX_PODS = 10_000  # that are remembered until the watch reports them
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
    """Return whether the report of an adopted pod is about a pod that this executor has marked; if so, forget it."""
    pod = (results.namespace, results.pod_name)
    done = _done.get(executor, {})
    if results.state != adopted_state() or pod not in done:
        return False
    del done[pod]
    return True


def remember(executor: Any, results: Any) -> None:
    """Remember a pod that `_change_state` has marked."""
    from airflow.utils.state import TaskInstanceState

    unmarked = (adopted_state(), TaskInstanceState.RUNNING)
    if executor.kube_config.delete_worker_pods or results.state in unmarked:
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
    title="A task whose pod fails twice before it begins ends as failed, even if its pods are kept",
    symptom="With `[kubernetes_executor] delete_worker_pods` off, a task stays queued after its second pod has failed.",
    issue="",
    ends="KubernetesExecutor can tell a pod that it has marked as done from an adopted one.",
    patches=(
        Patch(
            "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
            "KubernetesExecutor._change_state",
            ("3d2129a79ff5a0b2",),
            ignore_done_pods,
        ),
    ),
)
