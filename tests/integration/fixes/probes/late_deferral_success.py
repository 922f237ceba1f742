"""Pauses and resumes tasks as workers and triggers do, and reports each task's state after its executor's report."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.executors.local_executor import LocalExecutor
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session

from testing.dag_run import create_run, in_process_client, set_state, state_of, task_instance
from testing.installed_line import LINE
from testing.proof import report

SOURCE = """
from datetime import timedelta
from airflow import DAG
{imports}

class DeferringOperator(BaseOperator):
    def execute(self, context, event=None):
        self.defer(trigger=TimeDeltaTrigger(timedelta(days=1)), method_name="execute")

with DAG("dag", schedule=None):
    for name in {deferring}:
        DeferringOperator(task_id=name)
    for name in {rescheduling}:
        PythonSensor(task_id=name, python_callable=lambda: False, mode="reschedule")
"""
IMPORTS = {
    "3.3": """
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator
""",
    "2.11": """
from airflow.models.baseoperator import BaseOperator
from airflow.sensors.python import PythonSensor
from airflow.triggers.temporal import TimeDeltaTrigger
""",
}
DEFERRING = (
    "queued_after_deferral",
    "queued_after_two_deferrals",
    "running_after_deferral",
    "killed_after_deferral",
    "killed_in_first_run",
)
RESCHEDULING = ("queued_after_reschedule", "scheduled_after_reschedule")
JOB = 1


class Worker3:
    """Tells Airflow 3 what a worker's supervisor tells it."""

    def __init__(self) -> None:
        self.api = in_process_client()

    def start(self, task_id: str) -> None:
        with create_session() as session:
            instance = task_instance(task_id, session).id
        self.api.task_instances.start(instance, os.getpid(), datetime.now(timezone.utc))

    def pause(self, task_id: str) -> None:
        from airflow.sdk.execution_time.comms import DeferTask, RescheduleTask

        self.start(task_id)
        now = datetime.now(timezone.utc)
        with create_session() as session:
            instance = task_instance(task_id, session).id
        if task_id in RESCHEDULING:
            request = RescheduleTask(reschedule_date=now, end_date=now)
            self.api.task_instances.reschedule(instance, request)
        else:
            trigger = "airflow.providers.standard.triggers.temporal.TimeDeltaTrigger"
            deferral = DeferTask(
                classpath=trigger, trigger_kwargs={}, next_method="execute_complete", next_kwargs={}
            )
            self.api.task_instances.defer(instance, deferral)


class Worker2:
    """Runs tasks as a worker of Airflow 2 does."""

    def __init__(self) -> None:
        from airflow.models.dagbag import DagBag

        self.dag = DagBag().dags["dag"]

    def start(self, task_id: str) -> None:
        set_state(task_id, "running")

    def pause(self, task_id: str) -> None:
        with create_session() as session:
            instance = task_instance(task_id, session)
            instance.task = self.dag.get_task(task_id)
            instance.state = "running"
            instance.start_date = instance.start_date or datetime.now(timezone.utc) - timedelta(seconds=1)
            session.commit()
            instance._run_raw_task(session=session)


def queue(task_id: str) -> None:
    set_state(task_id, "queued", queued_by_job_id=JOB, try_number=1)


def fire_trigger(task_id: str) -> None:
    with create_session() as session:
        trigger = task_instance(task_id, session).trigger_id
    Trigger.submit_event(trigger, TriggerEvent({}))


def pause_and_resume(task_id: str, worker: Any) -> None:
    worker.pause(task_id)
    if task_id in RESCHEDULING:
        assert state_of(task_id) == "up_for_reschedule"
        set_state(task_id, "scheduled")
    else:
        assert state_of(task_id) == "deferred"
        fire_trigger(task_id)
        assert state_of(task_id) == "scheduled"


def prepare(task_id: str, worker: Any) -> None:
    """Bring a task into the state that its name says."""
    queue(task_id)
    if task_id == "killed_in_first_run":
        return
    for _ in range(2 if "two" in task_id else 1):
        pause_and_resume(task_id, worker)
        if not task_id.startswith("scheduled"):
            queue(task_id)
    if task_id.startswith("running"):
        worker.start(task_id)


def let_executor_report(task_id: str) -> None:
    """Let the scheduler that queued the task process the executor's report about it."""
    executor = LocalExecutor()
    with create_session() as session:
        key = task_instance(task_id, session).key
    if task_id == "killed_after_deferral":
        executor.fail(key)
    else:
        executor.success(key)
    job = Job()
    job.id = JOB
    runner = SchedulerJobRunner(job=job, **({"executors": [executor]} if LINE == "3.3" else {}))
    with create_session() as session:
        runner._process_executor_events(executor=executor, session=session)


create_run("dag", SOURCE.format(imports=IMPORTS[LINE], deferring=DEFERRING, rescheduling=RESCHEDULING))
worker = {"3.3": Worker3, "2.11": Worker2}[LINE]()
for name in DEFERRING + RESCHEDULING:
    prepare(name, worker)
    let_executor_report(name)
report({name: state_of(name) for name in DEFERRING + RESCHEDULING})
