"""Queued tasks in a real database and in a real executor, as the scheduler leaves them; for probes of the executors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from airflow.jobs.job import Job
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunType
from sqlalchemy import select, update

from testing.installed_line import LINE

DAGS = Path(os.environ["AIRFLOW_HOME"]) / "dags"
DAG = """
from datetime import datetime
from airflow import DAG
try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

with DAG("dag", schedule=None, start_date=datetime(2020, 1, 1)):
    for number in range({count}):
        BashOperator(task_id=f"task_{{number}}", bash_command={command!r})
"""


def create_tasks(count: int, command: str = "true") -> list[Any]:
    """Save a DAG and a run of it; return its detached task instances, which are queued by a scheduler's job."""
    DAGS.mkdir(exist_ok=True)
    (DAGS / "dag.py").write_text(DAG.format(count=count, command=command))
    create_run[LINE]()
    with create_session() as session:
        job = Job(job_type="SchedulerJob", state="running")  # type: ignore[no-untyped-call]
        session.add(job)
        session.flush()
        values = {
            "state": TaskInstanceState.QUEUED,
            "try_number": 1,
            "queued_by_job_id": job.id,
            "queued_dttm": job.start_date,
        }
        session.execute(update(TaskInstance).values(values))
        tasks = session.scalars(select(TaskInstance).order_by(TaskInstance.task_id)).all()
        for task in tasks:
            task.external_executor_id = str(uuid4())
            for name in ("dag_run", "dag_model"):
                getattr(task, name)
        session.flush()
        session.expunge_all()
    return list(tasks)


def create_run_3() -> None:
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.models.dagbag import DBDagBag
    from airflow.sdk import timezone
    from airflow.utils.types import DagRunTriggeredByType

    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    (bundle,) = manager.get_all_dag_bundles()
    bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
    assert not bag.import_errors
    sync_bag_to_db(bag, bundle.name, None)
    with create_session() as session:
        dag: Any = DBDagBag().get_latest_version_of_dag("dag", session=session)
        dag.create_dagrun(
            run_id="run",
            run_after=timezone.utcnow(),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )


def create_run_2() -> None:
    from airflow.models.dagbag import DagBag  # type: ignore[attr-defined]
    from airflow.utils import timezone  # type: ignore[attr-defined]

    bag = DagBag(DAGS)
    assert not bag.import_errors
    bag.sync_to_db()
    now = timezone.utcnow()
    bag.dags["dag"].create_dagrun(
        run_id="run",
        execution_date=now,
        data_interval=(now, now),
        run_type=DagRunType.MANUAL,
        state=DagRunState.RUNNING,
    )


create_run: dict[str, Callable[[], None]] = {"3.3": create_run_3, "2.11": create_run_2}


def queue_3(executor: Any, task: Any) -> None:
    from airflow.executors.workloads import ExecuteTask

    with create_session() as session:
        executor.queue_workload(ExecuteTask.make(task, generator=executor.jwt_generator), session=session)


def queue_2(executor: Any, task: Any) -> None:
    words = task.command_as_list(local=True)
    executor.queue_command(task, words, priority=1, queue=task.queue)


queue: dict[str, Callable[[Any, Any], None]] = {"3.3": queue_3, "2.11": queue_2}


def queue_tasks(executor: Any, tasks: Iterable[Any]) -> None:
    """Put the tasks into the executor's queue; its next heartbeat sends them."""
    for task in tasks:
        queue[LINE](executor, task)


def take_states(executor: Any) -> dict[str, str]:
    """Return the state that the executor reports for each task, by the task's id, and forget it."""
    return {key.task_id: str(state) for key, (state, _) in executor.get_event_buffer().items()}


def saved_tasks() -> list[tuple[str, int]]:
    """Return the state of each task in the database, and the job that has queued it."""
    with create_session() as session:
        tasks = session.scalars(select(TaskInstance).order_by(TaskInstance.task_id))
        return [(str(task.state), task.queued_by_job_id) for task in tasks]
