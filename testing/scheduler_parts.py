"""A scheduler object and a clock that can be set, for probes that run single steps of Airflow's scheduler."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

from testing.installed_line import LINE

TIMEZONE_MODULES = {"3.3": "airflow._shared.timezones.timezone", "2.11": "airflow.utils.timezone"}
PURGE = {"3.3": "_find_and_purge_task_instances_without_heartbeats", "2.11": "_find_and_purge_zombies"}


class Clock:
    """The clock of this process, for Airflow and for the Runtime; moving it takes no time."""

    def __init__(self) -> None:
        from importlib import import_module

        self._time, self.ahead = time.time, 0.0
        time.time = lambda: self._time() + self.ahead
        import_module(TIMEZONE_MODULES[LINE]).utcnow = lambda: self.now()  # type: ignore[attr-defined]

    def now(self, seconds: float = 0) -> datetime:
        """Return the time in some seconds."""
        return datetime.fromtimestamp(time.time(), timezone.utc) + timedelta(seconds=seconds)


def create_scheduler(executor: Any) -> Any:
    """Return a scheduler whose job runs."""
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


def write_heartbeat(runner: Any) -> None:
    """Let the scheduler write its heartbeat as in its loop."""
    from airflow.jobs.job import perform_heartbeat

    perform_heartbeat(job=runner.job, heartbeat_callback=runner.heartbeat_callback, only_if_necessary=True)


def purge(runner: Any) -> None:
    """Let the scheduler look for running tasks without heartbeats."""
    getattr(runner, PURGE[LINE])()
