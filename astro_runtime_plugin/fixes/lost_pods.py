"""A queued task that has lost its pod gets another one, as soon as the loss is certain.

KubernetesExecutor only logs that a pod was deleted before it ran, for example because its node was drained, and never
notices an event that its watch has missed. The task waits for `[scheduler] task_queued_timeout`, ten minutes. With this
fix the executor lists its pods while a task has been queued for more than a minute. A task is queued again if in two
rounds it had no pod, no request for one and no event that waits, and its row in the database still says that no worker
has begun it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.support.outage import is_outage
from astro_runtime_plugin.fixes.support.overdue_tasks import (
    OverdueTasks,
    Reconcilers,
    step_after_sync,
)
from astro_runtime_plugin.fixes.support.queued_tasks import (
    MAX_TASKS,
    open_session,
    queued_tasks,
    queues_by_key,
)

ID = "lost-pods"
log = logging.getLogger("astro_runtime")
FIRST_PAUSE, MAX_PAUSE = 15.0, 120.0  # seconds between two rounds; the pause doubles while no pod is missing


class PodReconciler:
    """Looks for the pods of one executor's tasks. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tasks = OverdueTasks(clock)  # since the executor was first seen to run them
        self._missing: frozenset[Any] = frozenset()  # in the round before
        self.rounds = 0
        self._pause = FIRST_PAUSE
        self._next = clock() + FIRST_PAUSE

    def step(self, executor: Any) -> None:
        """Do the next round if it is time."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + FIRST_PAUSE
        try:
            self._reconcile(executor)
        except Exception as error:
            if not is_outage(error):
                raise
            self._missing = frozenset()

    def _reconcile(self, executor: Any) -> None:
        self._tasks.update(executor, executor.running)
        keys = self._tasks.keys()
        if not keys or executor.job_id is None or has_work(executor):
            self._missing = frozenset()
            return
        with open_session() as session:
            queued = queues_by_key(session, executor, keys, self._tasks.seconds)
            pods = keys_with_pods(executor) if queued else frozenset()
            without = (key for key in queued if key not in pods)
            tasks = queued_tasks(session, executor, without, self._tasks.seconds)
            listed = (task for task in tasks if is_listed(executor, task))
            missing = {task.key: task for task in islice(listed, MAX_TASKS)}
            lost = [task for key, task in missing.items() if key in self._missing]
            for task in lost:
                self._tasks.queue_again(executor, task)
        self.rounds += 1
        self._missing = frozenset(missing)
        self._pause = FIRST_PAUSE if missing else min(self._pause * 2, MAX_PAUSE)
        self._next = self._clock() + self._pause
        if lost:
            log.warning("astro-runtime: %d tasks get another pod: they are queued, but have none", len(lost))


def has_work(executor: Any) -> bool:
    """Return whether requests for pods, or events of pods, wait in the executor."""
    queues = (executor.task_queue, executor.result_queue, executor.kube_scheduler.watcher_queue)
    return not all(queue.empty() for queue in queues)


def is_listed(executor: Any, task: Any) -> bool:
    """Return whether the executor lists the namespace of a task's pod, which `pod_override` can set."""
    config = executor.kube_config
    listed = (
        config.multi_namespace_mode_namespace_list if config.multi_namespace_mode else [config.kube_namespace]
    )
    return not listed or executor._get_pod_namespace(task) in listed


def keys_with_pods(executor: Any) -> frozenset[Any]:
    """Return the keys of the tasks with a pod that is not marked as done. Raises the client's errors."""
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_types import POD_EXECUTOR_DONE_KEY
    from airflow.providers.cncf.kubernetes.kubernetes_helper_functions import annotations_to_key

    scheduler = executor._make_safe_label_value(str(executor.job_id))
    pods = executor._list_pods(
        {"label_selector": f"airflow-worker={scheduler},{POD_EXECUTOR_DONE_KEY}!=True"}
    )
    return frozenset(annotations_to_key(pod.metadata.annotations) for pod in pods)


_reconcilers: Reconcilers = WeakKeyDictionary()
reconcile = step_after_sync(ID, _reconcilers, PodReconciler)
FIX = Fix(
    id=ID,
    title="A queued task whose pod was deleted before it ran gets another one after a minute",
    symptom="Tasks stay queued for ten minutes after their pods were deleted or evicted before they ran.",
    issue="",
    ends="KubernetesExecutor notices that a queued task has no pod before `[scheduler] task_queued_timeout`.",
    patches=(
        Patch(
            "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
            "KubernetesExecutor.sync",
            ("0e98a55108ee0892",),
            reconcile,
        ),
    ),
)
