"""Begins a queued task twice, as two workers do that received the same message."""

from __future__ import annotations

from collections.abc import Callable
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
(task,) = create_tasks(1)
report([BEGIN[LINE](task, pid) for pid in (1, 2)])
