"""Begins each of some queued tasks twice at the same time, as two workers do that received the same message."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

from testing.installed_line import LINE
from testing.proof import report
from testing.queued_tasks import create_tasks
from testing.scheduler_parts import outcome


def begin_3(task: Any, pid: int) -> str:
    """Begin the task as a supervisor does; return the error."""
    from airflow.sdk import timezone
    from airflow.sdk.api.client import Client
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    server = in_process_api_server()
    client = Client(base_url="http://in-process.invalid./", token="", transport=server.transport)
    return outcome(lambda: client.task_instances.start(task.id, pid, timezone.utcnow()))


def begin_2(task: Any, pid: int) -> str:
    """Begin the task as a LocalTaskJob does; return why it does not run."""
    from airflow.models.dagbag import DagBag  # type: ignore[attr-defined]
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        own: Any = session.get(TaskInstance, (task.dag_id, task.task_id, task.run_id, task.map_index))
        own.refresh_from_task(DagBag().get_dag("dag").get_task(task.task_id))
        return "" if own.check_and_change_state_before_execution(job_id=str(pid)) else "refused"


BEGIN: dict[str, Callable[[Any, int], str]] = {"3.3": begin_3, "2.11": begin_2}
TASKS, WORKERS = 5, 2
fork = get_context("fork")
barrier, outcomes = fork.Barrier(WORKERS), fork.SimpleQueue()


def work(tasks: list[Any], number: int) -> None:
    """Begin the tasks, each of them when the other worker does."""
    for task in tasks:
        barrier.wait()
        outcomes.put((task.task_id, BEGIN[LINE](task, number)))


tasks = create_tasks(TASKS)
workers = [fork.Process(target=work, args=(tasks, number)) for number in range(1, WORKERS + 1)]
for worker in workers:
    worker.start()
begun = [outcomes.get() for _ in range(TASKS * WORKERS)]
for worker in workers:
    worker.join()
report([sorted(text for name, text in begun if name == task.task_id) for task in tasks])
