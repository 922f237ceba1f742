"""The scheduler goes on while the Kubernetes API server is away.

KubernetesExecutor lists pods when it adopts those of a dead scheduler and when it revokes a task that is stuck. An
error of the connection, or an answer of 429 or 5xx, ends the scheduler. Here the executor is left out of the round:
completed pods are adopted soon after, tasks in the scheduler's next round, and nothing is reset meanwhile. After a
limit, the error ends the scheduler as stock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.outage import Outage, is_outage
from astro_runtime_plugin.fixes.support.postponement import (
    ADOPTION,
    SCHEDULER,
    postpone_adoption,
    postpone_revocation,
    skip_postponed,
)

ID = "kubernetes-api-outage"
PROBLEM = "pods are adopted and revoked later: the Kubernetes API server does not answer"
# What `revoke_task` removes before it lists pods.
REMOVED = ("pod_launch_attempts", "task_publish_retries", "queued_tasks")
_outages: WeakKeyDictionary[Any, Outage] = WeakKeyDictionary()


def outage_of(executor: Any) -> Outage:
    """Return what is known about the API server of an executor."""
    return _outages.setdefault(executor, Outage(PROBLEM))


def retry_soon(executor: Any) -> None:
    """Let the executor's next `sync` adopt completed pods, which shows whether the outage is over."""
    executor._last_completed_pod_adoption = float("-inf")


def record(executor: Any, error: BaseException) -> bool:
    """Return whether an error means an outage, and record it."""
    if not is_outage(error):
        return False
    outage_of(executor).fail(error)
    retry_soon(executor)
    return True


def skip_completed_pods(adopt: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor._adopt_completed_pods`; it raises as stock once the outage is over its limit."""

    @wraps(adopt)
    def adopt_or_skip(executor: Any, *args: Any) -> None:
        outage = outage_of(executor)
        if outage.pauses:
            retry_soon(executor)
            return
        try:
            adopt(executor, *args)
        except Exception as error:
            if outage.is_over_limit or not attempt(ID, False, record, executor, error):
                raise
        else:
            outage.end()

    return adopt_or_skip


def adopt_later(adopt: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
    """Wrap `KubernetesExecutor.try_adopt_task_instances`; an outage leaves the executor out of the round."""

    @wraps(adopt)
    def adopt_or_postpone(executor: Any, tis: Sequence[Any]) -> Sequence[Any]:
        try:
            return adopt(executor, tis)
        except Exception as error:
            if outage_of(executor).is_over_limit or not attempt(ID, False, record, executor, error):
                raise
            return postpone_adoption(executor, error)

    return adopt_or_postpone


def revoke_later(revoke: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesExecutor.revoke_task`; in an outage it raises PostponedError and removes nothing."""

    @wraps(revoke)
    def revoke_or_postpone(executor: Any, *, ti: Any) -> None:
        restore = attempt(ID, None, remember, executor, ti)
        try:
            revoke(executor, ti=ti)
        except Exception as error:
            is_over_limit = outage_of(executor).is_over_limit
            if is_over_limit or restore is None or not attempt(ID, False, record, executor, error):
                raise
            restore()
            postpone_revocation(executor, error)

    return revoke_or_postpone


def remember(executor: Any, task: Any) -> Callable[[], None]:
    """Return a function that restores what the executor has in memory about a task."""
    key = executor.get_task_key(task) if executor.supports_task_instance_uuid else task.key
    was_running = key in executor.running
    removed = [(name, getattr(executor, name)[key]) for name in REMOVED if key in getattr(executor, name)]

    def restore() -> None:
        if was_running:
            executor.running.add(key)
        for name, value in removed:
            getattr(executor, name)[key] = value

    return restore


EXECUTOR = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor"
FIX = Fix(
    id=ID,
    title="The scheduler outlives an outage of the Kubernetes API server",
    symptom="The scheduler exits when the API server is away, or answers 5xx, while pods are adopted or revoked.",
    issue="https://github.com/apache/airflow/issues/71879",
    ends="KubernetesExecutor skips a round when it cannot list pods.",
    patches=(
        Patch(
            EXECUTOR, "KubernetesExecutor._adopt_completed_pods", ("90b8b9e35a3f806f",), skip_completed_pods
        ),
        Patch(EXECUTOR, "KubernetesExecutor.try_adopt_task_instances", ("72c6a368ad0f3e64",), adopt_later),
        Patch(EXECUTOR, "KubernetesExecutor.revoke_task", ("53e3173e95b3428d",), revoke_later),
        *ADOPTION,
        Patch(
            SCHEDULER,
            "SchedulerJobRunner._handle_tasks_stuck_in_queued",
            ("6c0baa66b83653e7", "de1792dc9995f140"),
            skip_postponed,
        ),
    ),
)
