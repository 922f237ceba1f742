"""Last words about a pod that failed, with Kubernetes' own reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.last_words import ID
from astro_runtime_plugin.fixes.support.last_words import write_once


def report_failed_pod(change: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor._change_state`, which gets what its watcher knows of a pod that has failed."""

    @wraps(change)
    def report_and_change(executor: Any, results: Any, **options: Any) -> None:
        if str(results.state) == "failed":
            attempt(ID, None, _report, results)
        change(executor, results, **options)

    return report_and_change


def _report(results: Any) -> None:
    from astro_runtime_plugin.fixes.support.try_log import find_try
    from astro_runtime_plugin.task_logs.last_words import lost_pod

    text = lost_pod(results.pod_name, results.failure_details)
    task_try = find_try(results.key) if text and hasattr(results.key, "dag_id") else None
    if task_try:
        write_once(*task_try, text)


def add_disruption(collect: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `collect_pod_failure_details`, which leaves out that Kubernetes itself has ended the pod, and why."""

    @wraps(collect)
    def collect_all(pod: Any, logger: Any) -> Any:
        details = collect(pod, logger)
        return attempt(ID, details, _with_disruption, details, pod)

    return collect_all


def _with_disruption(details: Any, pod: Any) -> Any:
    disruptions = [
        condition
        for condition in pod.status.conditions or ()
        if condition.type == "DisruptionTarget" and condition.status == "True"
    ]
    if details is None or details.get("pod_reason") or not disruptions:
        return details
    return {**details, "pod_reason": disruptions[0].reason, "pod_message": disruptions[0].message}
