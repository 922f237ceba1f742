"""Schedulers whose single steps a probe runs, and a clock that it can set."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from testing.installed_line import LINE

TIMEZONE_MODULES = {"3.3": "airflow._shared.timezones.timezone", "2.11": "airflow.utils.timezone"}
# For a probe's environment: a busy machine takes long for its steps, in which the schedulers write no heartbeat. A
# scheduler counts as dead after 30 seconds by default, and outage-grace then waits with the adoption of tasks.
HEARTBEAT_THRESHOLD = {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "300"}
PURGE = {"3.3": "_find_and_purge_task_instances_without_heartbeats", "2.11": "_find_and_purge_zombies"}


class Clock:
    """The clock of this process, for Airflow and for the Runtime. It stands still until it is moved.

    A busy machine takes many seconds for what the process does between two moves.
    """

    def __init__(self) -> None:
        from importlib import import_module

        start, self.ahead = time.time(), 0.0
        time.time = lambda: start + self.ahead
        import_module(TIMEZONE_MODULES[LINE]).utcnow = lambda: self.now()  # type: ignore[attr-defined]

    def now(self, seconds: float = 0) -> datetime:
        """Return the time in some seconds."""
        return datetime.fromtimestamp(time.time(), timezone.utc) + timedelta(seconds=seconds)


def create_scheduler(executor: Any) -> Any:
    """Return a scheduler whose job runs, without starting its executor."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    if LINE == "2.11":
        job = Job(executor=executor)
        runner = SchedulerJobRunner(job=job)
        runner._try_to_load_executor = lambda *_: executor  # type: ignore[assignment]
    else:
        job = Job()
        runner = SchedulerJobRunner(job=job, executors=[executor])  # type: ignore[call-arg]
    job.prepare_for_execution()
    executor.job_id = job.id
    return runner


def create_running_scheduler(executor: Any) -> Any:
    """Return a scheduler whose job counts as running; its executor is not started, and its loop does not run."""
    runner = create_scheduler(executor)
    runner._standalone_dag_processor = True
    set_job(runner.job.id, state="running")
    return runner


def set_job(job_id: int, **values: Any) -> None:
    """Write values into the row of a job."""
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(update(Job).where(Job.id == job_id).values(**values))


def run_loop(runner: Any, first_step: Callable[[], object] = sys.exit) -> None:
    """Run the scheduler's loop until its first step ends it as SIGTERM does."""
    runner.adopt_or_reset_orphaned_tasks = first_step
    try:
        runner._run_scheduler_loop()
    except SystemExit:
        del runner.adopt_or_reset_orphaned_tasks
        return
    raise AssertionError("the loop has not ended")


def start_scheduler(executor: Any) -> Any:
    """Return a scheduler whose job is saved and whose executor has started; its loop does not run."""
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session

    with create_session() as session:
        job = Job(job_type="SchedulerJob")  # type: ignore[no-untyped-call]
        session.add(job)
        session.flush()
        executor.job_id = job.id
        runner: Any = scheduler[LINE](job, executor)
        job.state = "running"
        session.flush()
        session.expunge_all()
    executor.start()
    return runner


def scheduler_3(job: Any, executor: Any) -> Any:
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    return SchedulerJobRunner(job=job, executors=[executor])


def scheduler_2(job: Any, executor: Any) -> Any:
    from airflow.executors import executor_loader
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    # For every task the scheduler loads the executor anew.
    loader: Any = executor_loader
    executor.name = loader.ExecutorLoader.get_default_executor_name()
    loader._loaded_executors[executor.name] = executor

    job.executors = [executor]
    job.executor = executor
    return SchedulerJobRunner(job=job)


scheduler: dict[str, Callable[[Any, Any], Any]] = {"3.3": scheduler_3, "2.11": scheduler_2}


def end_schedulers() -> None:
    """Mark every scheduler as dead."""
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(update(Job).values(state="failed"))


def write_heartbeat(runner: Any) -> None:
    """Let the scheduler write its heartbeat as in its loop."""
    from airflow.jobs.job import perform_heartbeat

    perform_heartbeat(job=runner.job, heartbeat_callback=runner.heartbeat_callback, only_if_necessary=True)


def purge(runner: Any) -> None:
    """Let the scheduler look for running tasks without heartbeats."""
    getattr(runner, PURGE[LINE])()


def outcome(call: Callable[[], Any]) -> str:
    """Return the name of the error that a call of the scheduler's raises, or "" if the scheduler goes on."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return ""
