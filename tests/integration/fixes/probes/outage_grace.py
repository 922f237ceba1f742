"""Runs the steps of a real scheduler's loop over a running task, with a clock that jumps over an outage."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from airflow.executors.base_executor import BaseExecutor
from airflow.jobs.job import Job
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import update

from testing.airflow_command import airflow_command, import_commands, save_dags
from testing.installed_line import LINE
from testing.proof import report_scenes
from testing.scheduler_parts import (
    Clock,
    create_scheduler,
    purge,
    write_heartbeat,
)

DAG = """
from airflow import DAG
try:
    from airflow.providers.standard.operators.empty import EmptyOperator
except ImportError:
    from airflow.operators.empty import EmptyOperator
with DAG("dag", schedule=None, is_paused_upon_creation=False):
    EmptyOperator(task_id="task")
"""
TIMEOUT = {"3.3": 660.0, "2.11": 300.0}[
    LINE
]  # the Runtime's default, which the startup hook sets in both halves
OUTAGE = TIMEOUT + 100.0
STEP = 10.125  # seconds of a loop; no number of loops ends at a limit, where nothing is over yet


class Executor(BaseExecutor):
    """Adopts every task, as Celery's executor does, or none."""

    def __init__(self, adopts: bool = True) -> None:
        super().__init__()
        self.adopts = adopts

    def try_adopt_task_instances(self, tis: Any) -> Any:
        """Return the tasks that are to be reset."""
        return [] if self.adopts else list(tis)

    def send_callback(self, request: Any) -> None:
        """Need no DAG processor."""


clock = Clock()


def running_task(runner: Any, state: str = "running") -> None:
    """Create a task that the scheduler has queued, and that has just reported."""
    save_dags(DAG)
    airflow_command("dags", "trigger", "dag", "--run-id", "run")
    with create_session() as session:
        task = session.query(TaskInstance).one()
        task.state, task.queued_by_job_id = state, runner.job.id
        task.dag_run.state = "running"
        if LINE == "2.11":
            job = Job(job_type="LocalTaskJob", state="running")
            session.add(job)
            session.flush()
            task.job_id = job.id
    report_task()


def report_task() -> None:
    """Let the running task report."""
    with create_session() as session:
        if LINE == "2.11":
            of_task = update(Job).where(Job.job_type == "LocalTaskJob")
            session.execute(of_task.values(latest_heartbeat=clock.now()))
        else:
            session.execute(update(TaskInstance).values(last_heartbeat_at=clock.now()))


def failed() -> bool:
    """Whether a scheduler has failed the task."""
    with create_session() as session:
        return bool(session.query(Log).filter(Log.event == "heartbeat timeout").count())


def run_loops(runner: Any, seconds: float) -> None:
    """Let the scheduler run its loop for some seconds, or until it fails the task."""
    end = clock.ahead + seconds
    while clock.ahead < end and not failed():
        clock.ahead += STEP
        write_heartbeat(runner)
        purge(runner)


def steps_after_return(runner: Any) -> dict[str, bool]:
    """Return whether the task was failed: at once, after it has reported, and once it is dead."""
    outcome = {}
    purge(runner)
    outcome["at once"] = failed()
    if failed():
        return outcome
    run_loops(runner, TIMEOUT / 2)
    report_task()
    run_loops(runner, TIMEOUT - STEP)
    outcome["after its report"] = failed()
    run_loops(runner, 5 * TIMEOUT)
    outcome["dead"] = failed()
    return outcome


def observe_database_outage() -> Any:
    """The scheduler survives an outage of the database."""
    runner = create_scheduler(Executor())
    running_task(runner)
    runner.adopt_or_reset_orphaned_tasks()
    write_heartbeat(runner)
    clock.ahead += OUTAGE
    write_heartbeat(runner)
    return steps_after_return(runner)


def observe_restart() -> Any:
    """A new scheduler starts after an outage that has ended the old one; it takes over the running task."""
    old = create_scheduler(Executor())
    running_task(old)
    clock.ahead += OUTAGE
    new = create_scheduler(Executor())
    new.adopt_or_reset_orphaned_tasks()
    for _ in range(6):  # the rounds of a minute, in which it adopts the task
        if _owner() == old.job.id:
            run_loops(new, STEP)
    assert _owner() == new.job.id
    return steps_after_return(new)


def observe_api_server_outage() -> Any:
    """The API servers are away, and the database and the scheduler are not."""
    runner = create_scheduler(Executor())
    running_task(runner)
    write_heartbeat(runner)
    record_api_server(until=time.time() + 30)
    run_loops(runner, OUTAGE)
    if not failed():
        record_api_server(until=time.time() + 1e6)
    return steps_after_return(runner)


def record_api_server(until: float) -> None:
    """Store the row of an API server that has just started."""
    from astro_runtime_plugin.database import state

    texts = {"component": "api-server", "host": "host", "image_tag": "tag", "release": "3.3-1"}
    since = clock.now().isoformat(timespec="seconds")
    state.put("component", f"api-server:{until}", {**texts, "since": since, "until": until})


def observe_short_outage() -> Any:
    """A write of the heartbeat fails, and the next one succeeds in time; the task could not report either."""
    runner = create_scheduler(Executor())
    running_task(runner)
    runner.adopt_or_reset_orphaned_tasks()
    for _ in range(2):
        clock.ahead += TIMEOUT * 0.35
        write_heartbeat(runner)
    clock.ahead += TIMEOUT * 0.4
    runner.job.heartbeat_failed = True
    write_heartbeat(runner)
    return steps_after_return(runner)


def observe_loss() -> Any:
    """The fix that waits for the database has waited."""
    from astro_runtime_plugin.fixes.support.lost_database import report_loss

    runner = create_scheduler(Executor())
    running_task(runner)
    runner.adopt_or_reset_orphaned_tasks()
    for _ in range(2):
        clock.ahead += TIMEOUT * 0.35
        write_heartbeat(runner)
    last = time.time()
    clock.ahead += TIMEOUT * 0.4
    report_loss(last)
    runner.job.latest_heartbeat = clock.now()
    runner.adopt_or_reset_orphaned_tasks()
    return steps_after_return(runner)


def observe_slow_loops() -> Any:
    """The scheduler's loop takes long, and the database is there; return the timeouts until the dead task is failed."""
    runner = create_scheduler(Executor())
    running_task(runner)
    runner.adopt_or_reset_orphaned_tasks()
    start = clock.ahead
    while not failed() and clock.ahead < start + 20 * TIMEOUT:
        clock.ahead += TIMEOUT / 4
        write_heartbeat(runner)
        purge(runner)
    return (clock.ahead - start) / TIMEOUT


def observe_other_scheduler() -> Any:
    """Two schedulers survive an outage; the first that is back looks for tasks of dead ones."""
    first, second = create_scheduler(Executor(adopts=False)), create_scheduler(Executor())
    running_task(second, state="queued")
    first.adopt_or_reset_orphaned_tasks()
    write_heartbeat(first)
    clock.ahead += OUTAGE
    write_heartbeat(first)
    first.adopt_or_reset_orphaned_tasks()
    outcome = {"reset": _owner() != second.job.id}
    with create_session() as session:  # as the second's heartbeat
        session.execute(
            update(Job).where(Job.id == second.job.id).values(state="running", latest_heartbeat=clock.now())
        )
    run_loops(first, 2 * STEP)
    outcome["reset after its report"] = _owner() != second.job.id
    run_loops(first, 60)
    outcome["reset once it is dead"] = _owner() != second.job.id
    return outcome


def _owner() -> int | None:
    with create_session() as session:
        owner: int | None = session.query(TaskInstance.queued_by_job_id).scalar()
        return owner


SCENES: dict[str, Callable[[], Any]] = {
    "database": observe_database_outage,
    "short": observe_short_outage,
    "loss": observe_loss,
    "slow": observe_slow_loops,
    "restart": observe_restart,
    "api-server": observe_api_server_outage,
    "other scheduler": observe_other_scheduler,
}
import_commands()
report_scenes(SCENES, sys.argv[1:])
