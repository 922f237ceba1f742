"""Makes the pods of a task fail before it begins, until a KubernetesExecutor gives up; the API server is a fake."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from testing.kubernetes_api import fake_kubernetes
from testing.proof import report
from testing.queued_tasks import create_tasks, queue_tasks, take_states
from testing.scheduler_parts import start_scheduler
from testing.waiting import wait_until

with fake_kubernetes(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_types import POD_EXECUTOR_DONE_KEY

    def has_pods(count: int) -> bool:
        executor.heartbeat()
        return len(kubernetes.pods) == count

    def is_done(pod: dict[str, Any]) -> bool:
        executor.heartbeat()
        return POD_EXECUTOR_DONE_KEY in pod["metadata"]["labels"]

    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    tasks = create_tasks(1)
    start_scheduler(executor)
    with create_session() as session:
        session.execute(update(TaskInstance).values(queued_by_job_id=executor.job_id))
    queue_tasks(executor, tasks)
    for count in (1, 2):
        wait_until(partial(has_pods, count))
        failed = kubernetes.pods[-1]  # its successor is created as soon as it is done
        kubernetes.set_phase(failed, "Failed")
        wait_until(partial(is_done, failed))
    report(take_states(executor))
    executor.end()
