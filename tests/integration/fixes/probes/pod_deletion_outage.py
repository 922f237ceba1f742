"""Lets a pod succeed while the API server fails; reports how a real KubernetesExecutor goes on."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from astro_runtime_plugin.fixes.support import pod_backlog
from testing.kubernetes_api import KubernetesNamespace, kubernetes_namespace
from testing.proof import SELECTION, STOCK, report
from testing.queued_tasks import create_tasks, queue_tasks, take_states
from testing.scheduler_parts import start_scheduler
from testing.waiting import wait_until

REQUESTS = 50  # without a pause: more than a few rounds need


def set_states(state: str) -> None:
    with create_session() as session:
        session.execute(update(TaskInstance).values(state=state))


def states_with_kept_pod(executor: Any, kubernetes: KubernetesNamespace) -> list[dict[str, str]]:
    """Return the states of two tasks, the first of whose pods is never deleted: before and after its time is up."""
    set_states("queued")
    queue_tasks(executor, tasks[1:])
    wait_until(lambda: executor.heartbeat() or len(kubernetes.pods) == 2)
    set_states("success")
    take_states(executor)
    pods = kubernetes.pods
    kubernetes.proxy.kept = {pods[0].metadata.name}
    for pod in pods:
        kubernetes.set_phase(pod, "Succeeded")
    wait_until(lambda: executor.heartbeat() or len(executor.running) == 1)
    before = take_states(executor)
    vars(pod_backlog)["MAX_SECONDS"] = 0.0
    wait_until(lambda: executor.heartbeat() or not executor.running)
    return [before, take_states(executor)]


with kubernetes_namespace(Path(os.environ["AIRFLOW_HOME"])) as kubernetes:
    os.environ |= kubernetes.environ
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    tasks = create_tasks(3)
    start_scheduler(executor)
    executor._last_completed_pod_adoption = float("inf")  # none is due while the server fails
    with create_session() as session:
        session.execute(update(TaskInstance).values(queued_by_job_id=executor.job_id))
    queue_tasks(executor, tasks[:1])
    wait_until(lambda: executor.heartbeat() or kubernetes.pods)
    set_states("success")
    take_states(executor)
    kubernetes.set_phase(kubernetes.pods[0], "Succeeded")
    wait_until(lambda: not executor.kube_scheduler.watcher_queue.empty())
    kubernetes.proxy.failure = 503  # not before: a watch that begins late would end with it
    kubernetes.proxy.requests = 0
    loop = threading.Thread(target=executor.heartbeat)
    loop.start()
    wait_until(lambda: not loop.is_alive() or kubernetes.proxy.requests > REQUESTS)
    goes_on = not loop.is_alive()
    kubernetes.proxy.failure = None
    loop.join()
    wait_until(lambda: executor.heartbeat() or not executor.running)
    result: dict[str, Any] = {"goes on": goes_on, "states": take_states(executor)}
    if os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] != SELECTION[STOCK]:  # stock's loop would never end
        result["kept pod"] = states_with_kept_pod(executor, kubernetes)
    report(result)
    executor.end()
