"""Stops schedulers, with tasks in each place where they may be, and has another scheduler look for ended ones.

The first one has a real LocalExecutor with one process: a task runs, others wait in the executor or in its process's
queue. The second one is interrupted while its CeleryExecutor sends; it has not saved the id of a task that was sent
before. The third one has a KubernetesExecutor with requests for pods. Reports the tasks' states after each step, which
of them ran, the id, and whether a scheduler whose executor is ending has written a heartbeat.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from queue import Queue
from typing import Any

from airflow.executors import local_executor
from airflow.jobs.job import Job
from airflow.models.taskinstance import TaskInstance
from airflow.providers.celery.executors.celery_executor import CeleryExecutor
from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
from airflow.utils.session import create_session
from sqlalchemy import select, update

from testing.installed_line import LINE
from testing.proof import SELECTION, STOCK, report
from testing.queued_tasks import create_tasks, queue_tasks, saved_tasks
from testing.scheduler_parts import create_running_scheduler, outcome, purge, run_loop, set_job
from testing.waiting import wait_until

STOCK_SECONDS = 3.0  # that the task of LocalExecutor runs on, in which stock writes no heartbeat
SILENCE = timedelta(seconds=600)  # after which a scheduler counts as dead
HOME = Path(os.environ["AIRFLOW_HOME"])
STARTS, RELEASE = HOME / "starts", HOME / "release"
LOCAL, CELERY, SENT, PODS = slice(0, 3), slice(3, 5), slice(5, 6), slice(6, 8)  # of the tasks


def run_task(task_id: str) -> None:
    """Stand for a task, in a process of LocalExecutor."""
    with open(STARTS, "a") as file:
        print(task_id, file=file)
    wait_until(RELEASE.exists, lambda: task_id)


def replace_task_3() -> None:
    executor: Any = local_executor.BaseExecutor
    executor.run_workload = staticmethod(lambda workload, **_: run_task(workload.ti.task_id))


def replace_task_2() -> None:
    def run(_: Any, command: list[str]) -> str:
        run_task(command[4])
        return "success"

    worker: Any = local_executor.LocalWorkerBase  # type: ignore[attr-defined]
    worker._execute_work_in_fork = run


replace_task: dict[str, Callable[[], None]] = {"3.3": replace_task_3, "2.11": replace_task_2}


def states() -> list[str]:
    return [state for state, _ in saved_tasks()]


def starts() -> list[str]:
    return STARTS.read_text().split() if STARTS.exists() else []


def set_tasks(which: slice, **values: Any) -> None:
    ids = [task.task_id for task in tasks[which]]
    with create_session() as session:
        session.execute(update(TaskInstance).where(TaskInstance.task_id.in_(ids)).values(**values))


def queue(runner: Any, executor: Any, which: slice) -> None:
    set_tasks(which, queued_by_job_id=runner.job.id)
    queue_tasks(executor, tasks[which])


def stop_local(runner: Any, executor: Any) -> list[str]:
    """Stop the loop while a task runs; on Airflow 3 the executor has given its process another one."""
    replace_task[LINE]()
    executor.start()
    queue(runner, executor, LOCAL)
    executor.heartbeat()
    wait_until(lambda: starts() == ["task_0"], lambda: str(starts()))
    if LINE == "3.3":
        executor.running.clear()  # as it is without the fix local-parallelism
    executor.heartbeat()
    run_loop(runner)
    return states()[LOCAL]


def writes_heartbeat(runner: Any, executor: Any) -> bool:
    """Whether the job has a new heartbeat when its executor, which runs a task, has ended."""
    begin = datetime.now(timezone.utc)
    set_job(runner.job.id, latest_heartbeat=begin - SILENCE)
    threading.Thread(target=end_task, args=(runner.job.id, begin)).start()
    executor.end()
    return has_heartbeat(runner.job.id, begin)


def has_heartbeat(job_id: int, since: datetime) -> bool:
    with create_session() as session:
        return bool(session.scalar(select(Job.latest_heartbeat).where(Job.id == job_id)) >= since)


def end_task(job_id: int, since: datetime) -> None:
    """Let the task end once its scheduler has written a heartbeat; stock's writes none."""
    seconds = STOCK_SECONDS if os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK] else 300
    try:
        with suppress(AssertionError):
            wait_until(lambda: has_heartbeat(job_id, since), seconds=seconds)
    finally:
        RELEASE.touch()


def stop_while_sending() -> dict[str, Any]:
    """Stop the loop of a scheduler whose CeleryExecutor sends the first of two tasks, and has sent a third one."""
    executor: Any = CeleryExecutor()  # type: ignore[no-untyped-call]
    executor.parallelism = 1
    executor._send_workloads_to_celery = sys.exit
    runner = create_running_scheduler(executor)
    queue(runner, executor, CELERY)
    set_tasks(SENT, queued_by_job_id=runner.job.id, external_executor_id=None)
    executor.event_buffer[tasks[SENT][0].key] = ("queued", "id")
    run_loop(runner, executor.heartbeat)
    with create_session() as session:
        sent = select(TaskInstance).where(TaskInstance.task_id == tasks[SENT][0].task_id)
        return {"sending": states()[CELERY], "id": session.scalars(sent).one().external_executor_id}


def stop_before_pods() -> list[str]:
    """Stop the loop of a scheduler whose KubernetesExecutor has requests for two pods, of which it has tried one."""
    executor: Any = KubernetesExecutor()  # type: ignore[no-untyped-call]
    executor.task_queue = Queue()
    runner = create_running_scheduler(executor)
    queue(runner, executor, PODS)
    executor.trigger_tasks(2)
    assert not executor.queued_tasks
    executor.task_publish_retries[tasks[PODS][0].key] = 1
    run_loop(runner)
    return states()[PODS]


def look_for_ended(ended: int) -> dict[str, Any]:
    """Have another scheduler look for ended ones: after the last heartbeat of one, and when that has ended."""
    other = create_running_scheduler(local_executor.LocalExecutor(parallelism=1))
    run_loop(other)  # the other one runs on meanwhile
    now = datetime.now(timezone.utc)
    set_job(tasks[0].queued_by_job_id, latest_heartbeat=now)  # no outage of all schedulers
    set_job(ended, latest_heartbeat=now - SILENCE)
    purge(other)
    silent = states()[LOCAL]
    set_job(ended, state="success")
    other.adopt_or_reset_orphaned_tasks = fail
    error = outcome(lambda: purge(other))
    del other.adopt_or_reset_orphaned_tasks
    purge(other)
    return {"silent": silent, "error": error, "taken over": states()[LOCAL]}


def adopt_without_id(ended: int) -> list[str]:
    """Have a scheduler with CeleryExecutor take over a task whose id the ended one has not saved."""
    set_tasks(SENT, queued_by_job_id=ended, external_executor_id=None)
    other = create_running_scheduler(CeleryExecutor())  # type: ignore[no-untyped-call]
    other.adopt_or_reset_orphaned_tasks()
    return states()[SENT]


def fail() -> None:
    raise ValueError


tasks = create_tasks(8)
stopping_executor: Any = local_executor.LocalExecutor(parallelism=1)
stopping = create_running_scheduler(stopping_executor)
report(
    {
        "stopped": stop_local(stopping, stopping_executor),
        "heartbeat": writes_heartbeat(stopping, stopping_executor),
        "starts": starts(),
        **stop_while_sending(),
        "pods": stop_before_pods(),
        **look_for_ended(stopping.job.id),
        "without id": adopt_without_id(stopping.job.id),
    }
)
