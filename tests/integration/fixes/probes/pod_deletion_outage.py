"""Lets a pod succeed while the API server fails; reports how a real KubernetesExecutor goes on."""

from __future__ import annotations

import os
import threading
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

REQUESTS = 50  # without a pause: more than a few rounds need

with fake_kubernetes(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    tasks = create_tasks(1)
    start_scheduler(executor)
    with create_session() as session:
        session.execute(update(TaskInstance).values(queued_by_job_id=executor.job_id))
    queue_tasks(executor, tasks)
    wait_until(lambda: executor.heartbeat() or kubernetes.pods)
    with create_session() as session:
        session.execute(update(TaskInstance).values(state="success"))
    take_states(executor)
    kubernetes.failure = 503
    kubernetes.set_phase(kubernetes.pods[0], "Succeeded")
    wait_until(lambda: not executor.kube_scheduler.watcher_queue.empty())
    kubernetes.requests = 0
    loop = threading.Thread(target=executor.heartbeat)
    loop.start()
    wait_until(lambda: not loop.is_alive() or kubernetes.requests > REQUESTS)
    goes_on = not loop.is_alive()
    kubernetes.failure = None
    loop.join()
    wait_until(lambda: executor.heartbeat() or not executor.running)
    report({"goes on": goes_on, "states": take_states(executor)})
    executor.end()
