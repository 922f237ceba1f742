"""KubernetesExecutor pauses between its attempts to create pods, and never creates two for one task.

With retries (`[kubernetes_executor] task_publish_max_retries`), each scheduler loop tries again for a whole batch of
tasks, without a pause unless the API server asks for one. With this fix one failure stops the attempts for a moment. A
task that stays queued for too long is revoked and queued again, but its first request for a pod stays as well, so that
the API server gets both when it is back. With this fix, revoking a task removes its request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from queue import Empty
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.outage import FIRST_PAUSE, MAX_PAUSE, is_outage

ID = "pod-creation-outage"
OUTAGE_SECONDS = 60.0  # after so long without a failure, the next one belongs to another outage
# The length of each executor's last pause in seconds, and when it began.
_pauses: WeakKeyDictionary[Any, tuple[float, float]] = WeakKeyDictionary()


def pause_after_failure(
    handle: Callable[[Any, Any, Exception], bool],
) -> Callable[[Any, Any, Exception], bool]:
    """Wrap `KubernetesExecutor._handle_pod_publish_error`, which returns whether the round is over."""

    @wraps(handle)
    def handle_and_pause(executor: Any, task: Any, error: Exception) -> bool:
        is_over = handle(executor, task, error)
        return attempt(ID, False, pause, executor, task, error) or is_over

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


def remove_request(revoke: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor.revoke_task`."""

    @wraps(revoke)
    def revoke_and_remove(executor: Any, *, ti: Any) -> None:
        revoke(executor, ti=ti)
        attempt(ID, None, remove, executor, ti)

    return revoke_and_remove


def remove(executor: Any, task: Any) -> None:
    """Remove the requests for a pod for a task; only the scheduler's main thread uses their queue."""
    key = executor.get_task_key(task) if executor.supports_task_instance_uuid else task.key
    requests = executor.task_queue
    for _ in range(requests.qsize()):
        try:
            request = requests.get_nowait()
        except Empty:
            return
        if request.key != key:
            requests.put(request)
        requests.task_done()


EXECUTOR = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor"
FIX = Fix(
    id=ID,
    title="After an outage of the Kubernetes API server each task gets one pod, and failed requests are not repeated"
    " at once",
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
        Patch(EXECUTOR, "KubernetesExecutor.revoke_task", ("53e3173e95b3428d",), remove_request),
    ),
)
