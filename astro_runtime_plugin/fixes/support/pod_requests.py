"""The requests for pods that KubernetesExecutor has not sent to the API server when its scheduler stops."""

from __future__ import annotations

from queue import Empty
from typing import Any

from astro_runtime_plugin.fixes.support.scheduler_executors import scheduler_executors


def take_back_requests(runner: Any) -> None:
    """Let the tasks wait in the executor again, which drops the requests when it ends.

    A request that was tried stays one: the API server may have created the pod. Raises what a queue of another process
    does if that has ended.
    """
    for executor in scheduler_executors(runner):
        if getattr(executor, "task_queue", None) is not None and hasattr(executor, "task_publish_retries"):
            _take_back(executor, executor.task_queue)


def _take_back(executor: Any, requests: Any) -> None:
    for _ in range(requests.qsize()):
        try:
            request = requests.get_nowait()
        except Empty:
            return
        if request.key in executor.task_publish_retries:
            requests.put(request)
        else:
            executor.queued_tasks[request.key] = None
        requests.task_done()
