"""Makes the pods of a task fail before it begins, until a KubernetesExecutor gives up.

Then a pod of another task, which is queued once more as if it had been deferred, disappears late.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from testing.kubernetes_api import kubernetes_namespace
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks, take_states
from testing.scheduler_parts import start_scheduler
from testing.waiting import wait_until

with kubernetes_namespace(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_types import POD_EXECUTOR_DONE_KEY

    def new_pod() -> Any:
        """Return the pod that is not done, if there is one."""
        executor.heartbeat()
        return next(
            (pod for pod in kubernetes.pods if POD_EXECUTOR_DONE_KEY not in pod.metadata.labels), None
        )

    def is_done(name: str) -> bool:
        executor.heartbeat()
        (pod,) = (pod for pod in kubernetes.pods if pod.metadata.name == name)
        return POD_EXECUTOR_DONE_KEY in pod.metadata.labels

    def runs_after_late_deletion(task: Any) -> bool:
        """Return whether the executor still knows of a task when the pod before its last one has disappeared."""
        executor.kube_config.delete_worker_pods = True
        count = len(kubernetes.pods)
        queue_tasks(executor, [task])
        wait_until(lambda: executor.heartbeat() or len(kubernetes.pods) > count)
        first = kubernetes.pods[-1]
        kubernetes.hold(first, "test/hold")
        kubernetes.set_phase(first, "Succeeded")
        wait_until(lambda: executor.heartbeat() or not executor.running)
        queue_tasks(executor, [task])
        wait_until(lambda: executor.heartbeat() or len(kubernetes.pods) > count + 1)
        events = record_events()
        version = next(version for name, version in versions() if name == first.metadata.name)
        kubernetes.hold(first)
        # Only the event of its disappearance has a newer version.
        wait_until(
            lambda: (
                executor.heartbeat()
                or any(name == first.metadata.name and newer > version for name, newer in events)
            )
        )
        return bool(executor.running)

    def versions() -> list[tuple[str, int]]:
        return [(pod.metadata.name, int(pod.metadata.resource_version)) for pod in kubernetes.pods]

    def record_events() -> list[tuple[str, int]]:
        """Return the list of what the executor processes from now on: the pod and its version in each event."""
        scheduler, events = executor.kube_scheduler, []
        process = scheduler.process_watcher_task

        def record(task: Any) -> None:
            process(task)
            events.append((task.pod_name, int(task.resource_version)))

        scheduler.process_watcher_task = record
        return events

    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    tasks = create_tasks(2)
    start_scheduler(executor)
    with create_session() as session:
        session.execute(update(TaskInstance).values(queued_by_job_id=executor.job_id))
    queue_tasks(executor, tasks[:1])
    for _ in range(2):
        failed = wait_until(new_pod)  # its successor is created as soon as it is done
        kubernetes.set_phase(failed, "Failed")
        wait_until(partial(is_done, failed.metadata.name))
    states = take_states(executor)
    report({"states": states, "knows the deferred task": runs_after_late_deletion(tasks[1])})
    executor.end()
