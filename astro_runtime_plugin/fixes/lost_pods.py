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
from collections import Counter
from collections.abc import Callable
from functools import wraps
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.outage import is_outage
from astro_runtime_plugin.fixes.support.queued_tasks import (
    MAX_TASKS,
    open_session,
    queue_again,
    queued_tasks,
    queues_by_key,
)

ID = "lost-pods"
log = logging.getLogger("astro_runtime")
QUEUED_SECONDS = 60.0  # after which a task's pod is looked for
FIRST_PAUSE, MAX_PAUSE = 15.0, 120.0  # seconds between two rounds; the pause doubles while no pod is missing
MAX_REQUEUES = 3  # of a task's try; then Airflow's timeout applies


class Reconciler:
    """Looks for the pods of one executor's tasks. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[Any, float] = {}  # by key: when the executor was first seen to run it, in seconds
        self._requeues: Counter[Any] = Counter()
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
        keys = self._overdue(executor)
        if not keys or executor.job_id is None or has_work(executor):
            self._missing = frozenset()
            return
        with open_session() as session:
            queued = queues_by_key(session, executor, keys, QUEUED_SECONDS)
            pods = keys_with_pods(executor) if queued else frozenset()
            without = (key for key in queued if key not in pods)
            tasks = queued_tasks(session, executor, without, QUEUED_SECONDS)
            listed = (task for task in tasks if is_listed(executor, task))
            missing = {task.key: task for task in islice(listed, MAX_TASKS)}
            lost = [task for key, task in missing.items() if key in self._missing]
            for task in lost:
                queue_again(executor, task)
                self._requeues[task.key] += 1
                self._since.pop(task.key, None)
        self.rounds += 1
        self._missing = frozenset(missing)
        self._pause = FIRST_PAUSE if missing else min(self._pause * 2, MAX_PAUSE)
        self._next = self._clock() + self._pause
        if lost:
            log.warning("astro-runtime: %d tasks get another pod: they are queued, but have none", len(lost))

    def _overdue(self, executor: Any) -> set[Any]:
        now = self._clock()
        self._since = {key: self._since.get(key, now) for key in executor.running}
        for key in [
            key for key in self._requeues if key not in self._since and key not in executor.queued_tasks
        ]:
            del self._requeues[key]
        end = now - QUEUED_SECONDS
        return {
            key for key, since in self._since.items() if since <= end and self._requeues[key] < MAX_REQUEUES
        }


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


_reconcilers: WeakKeyDictionary[Any, Reconciler] = WeakKeyDictionary()


def step(executor: Any) -> None:
    """Let the executor's reconciler go on."""
    if executor not in _reconcilers:
        _reconcilers[executor] = Reconciler()
    _reconcilers[executor].step(executor)


def reconcile(sync: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `KubernetesExecutor.sync`, which each of the scheduler's loops calls."""

    @wraps(sync)
    def sync_and_reconcile(executor: Any) -> None:
        sync(executor)
        attempt(ID, None, step, executor)

    return sync_and_reconcile


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
