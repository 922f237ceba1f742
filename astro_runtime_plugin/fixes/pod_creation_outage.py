"""KubernetesExecutor pauses between its attempts to create pods, and never creates two for one task.

With retries (`[kubernetes_executor] task_publish_max_retries`), each of the scheduler's loops tries again for a whole
batch of tasks, without a pause unless the API server demands one. Here one failure ends the attempts for a moment. A
task that stays queued for too long is revoked and queued again, but its first request for a pod stays, too, so that
the API server gets both when it is back. Here the requests of revoked tasks are removed before that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import wraps
from queue import Empty
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.outage import FIRST_PAUSE, MAX_PAUSE, is_outage

ID = "pod-creation-outage"
OUTAGE_SECONDS = 60.0  # a failure that long after the last one belongs to another outage
# The last pause of each executor: its length in seconds, and when it began.
_pauses: WeakKeyDictionary[Any, tuple[float, float]] = WeakKeyDictionary()


def pause_after_failure(
    handle: Callable[[Any, Any, Exception], bool],
) -> Callable[[Any, Any, Exception], bool]:
    """Wrap `KubernetesExecutor._handle_pod_publish_error`, which returns whether the round is over."""

    @wraps(handle)
    def handle_and_pause(executor: Any, task: Any, e: Exception) -> bool:
        is_over = handle(executor, task, e)
        return attempt(ID, False, pause, executor, task, e) or is_over

    return handle_and_pause


def pause(executor: Any, task: Any, error: Exception) -> bool:
    """Let the executor create no pods for a moment if the API server is away; return whether it is."""
    if not is_outage(error) or task.key not in executor.task_publish_retries:  # the task has failed
        return False
    seconds, began = _pauses.get(executor, (0.0, 0.0))
    now = time.monotonic()
    seconds = min(2 * seconds, MAX_PAUSE) if seconds and now - began < OUTAGE_SECONDS else FIRST_PAUSE
    _pauses[executor] = (seconds, now)
    end = datetime.now() + timedelta(seconds=seconds)
    executor.create_pods_after = max(executor.create_pods_after or end, end)
    return True


# The tasks of each executor whose requests are to be removed. All of them are removed at once: each look into the queue
# is a call to another process.
_revoked: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()


def remember_revoked(revoke: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor.revoke_task`."""

    @wraps(revoke)
    def revoke_and_remember(executor: Any, *, ti: Any) -> None:
        revoke(executor, ti=ti)
        attempt(ID, None, remember, executor, ti)

    return revoke_and_remember


def remember(executor: Any, task: Any) -> None:
    """Let the requests for a pod for a task be removed."""
    key = executor.get_task_key(task) if executor.supports_task_instance_uuid else task.key
    _revoked.setdefault(executor, set()).add(key)


def remove_requests_before(function: Callable[..., None]) -> Callable[..., None]:
    """Wrap a method of KubernetesExecutor that adds requests for pods, or creates pods."""

    @wraps(function)
    def remove_and_call(executor: Any, *args: Any, **options: Any) -> None:
        if executor in _revoked:
            attempt(ID, None, remove, executor, _revoked.pop(executor))
        function(executor, *args, **options)

    return remove_and_call


def remove(executor: Any, keys: Collection[Any]) -> None:
    """Remove the requests for pods for tasks; only the scheduler's main thread uses their queue."""
    requests = executor.task_queue
    for _ in range(requests.qsize()):
        try:
            request = requests.get_nowait()
        except Empty:
            return
        if request.key not in keys:
            requests.put(request)
        requests.task_done()


EXECUTOR = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor"
FIX = Fix(
    id=ID,
    title="Pods are created once, and after a pause, when the Kubernetes API server was away",
    symptom="With retries, a task gets two pods after a long outage, and every scheduler loop repeats all requests.",
    issue="https://github.com/apache/airflow/pull/71909",
    ends="KubernetesExecutor pauses after each failure and drops the request for a revoked task.",
    patches=(
        Patch(
            EXECUTOR,
            "KubernetesExecutor._handle_pod_publish_error",
            ("ac9445fcf3b902df",),
            pause_after_failure,
        ),
        Patch(EXECUTOR, "KubernetesExecutor.revoke_task", ("53e3173e95b3428d",), remember_revoked),
        Patch(EXECUTOR, "KubernetesExecutor.execute_async", ("0a3d10d28bdd70d1",), remove_requests_before),
        Patch(EXECUTOR, "KubernetesExecutor.sync", ("0e98a55108ee0892",), remove_requests_before),
    ),
)
