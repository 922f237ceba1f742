"""After an outage of the database or of all API servers, running tasks get time to report before any is failed.

A running task reports through the API server (3.3) or the database (2.11). The scheduler fails it when its last report
is older than the timeout, also when nobody could report meanwhile. Here the scheduler notices an outage: a write of its
heartbeat failed, at its start no scheduler had a recent one, or no API server was alive. A heartbeat that is merely
late counts if it is late by half a timeout: while a database hangs nothing fails, but a slow loop keeps no task from
reporting. From the outage's end it fails nobody for one timeout. Other schedulers too get time to report before it
takes their tasks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.grace import NEVER, Grace, extend, grant, read_grace
from astro_runtime_plugin.fixes.support.lost_database import take_loss
from astro_runtime_plugin.fixes.support.scheduler_heartbeats import (
    adoption_timeout,
    has_silent_task,
    last_heartbeat_of_others,
    task_timeout,
)

MODULE, CLASS = "airflow.jobs.scheduler_job_runner", "SchedulerJobRunner"
ID = "outage-grace"


class Contact:
    """The contact of this process's scheduler with the database. Times are epoch seconds."""

    began = False
    """Whether it has looked at the last heartbeats of earlier schedulers."""
    heartbeat: float | None = None
    """When its own heartbeat was last written."""
    others = NEVER
    """The grace of the other schedulers: until when it takes none of their tasks."""
    adoption_due = False
    """Whether it must look for tasks of dead schedulers after that."""


contact = Contact()


def record_heartbeat(callback: Callable[..., None]) -> Callable[..., None]:
    """Wrap `heartbeat_callback`, which runs after the scheduler's heartbeat was written."""

    @wraps(callback)
    def record(runner: Any, *args: Any, **options: Any) -> None:
        attempt(ID, None, _notice_outage, runner, contact.heartbeat, _has_failed(runner))
        contact.heartbeat = time.time()
        callback(runner, *args, **options)

    return record


def postpone_adoption(adopt: Callable[..., int]) -> Callable[..., int]:
    """Wrap `adopt_or_reset_orphaned_tasks`."""

    @wraps(adopt)
    def adopt_later(runner: Any, *args: Any, **options: Any) -> int:
        attempt(ID, None, _update_contact, runner)
        contact.adoption_due = time.time() < contact.others.until
        return 0 if contact.adoption_due else adopt(runner, *args, **options)

    return adopt_later


def spare_running_tasks(purge: Callable[..., None]) -> Callable[..., None]:
    """Wrap the search for running tasks without heartbeats."""

    @wraps(purge)
    def purge_later(runner: Any, *args: Any, **options: Any) -> None:
        attempt(ID, None, _update_contact, runner)
        if contact.adoption_due:
            runner.adopt_or_reset_orphaned_tasks()
        if not attempt(ID, False, _in_grace, runner):
            purge(runner, *args, **options)

    return purge_later


def _update_contact(runner: Any) -> None:
    """Notice an outage before this process, or since this scheduler's last heartbeat."""
    if not contact.began:
        _notice_outage(runner, last_heartbeat_of_others(runner), True)
        contact.began = True
    _notice_outage(runner, take_loss(), True)
    contact.heartbeat = max(contact.heartbeat or 0.0, runner.job.latest_heartbeat.timestamp())
    _notice_outage(runner, contact.heartbeat, _has_failed(runner))


def _has_failed(runner: Any) -> bool:
    """Whether the last write of a heartbeat failed, or the one before it if Airflow has just written one."""
    return bool(runner.job.heartbeat_failed)


def _notice_outage(runner: Any, last: float | None, certain: bool) -> None:
    """Grant the grace if the last heartbeat is too old: the database was away, or all schedulers were.

    `certain` says that it was; else the scheduler may just be slow.
    """
    now = time.time()
    age = now - last if last is not None else 0.0
    least = min(adoption_timeout(), task_timeout(runner) / 2)
    if age > least:  # a slow scheduler too waits with the tasks of others
        contact.others = extend(contact.others, now, adoption_timeout())
    if age > (least if certain else task_timeout(runner) / 2):
        grant(now, now, task_timeout(runner), f"no heartbeat of a scheduler was written for {age:.0f} s")


def _in_grace(runner: Any) -> bool:
    """Whether tasks without heartbeats must be spared; looks for an outage only if there are such tasks."""
    if not has_silent_task(runner):
        return False
    limit, now = task_timeout(runner), time.time()
    return now < max(read_grace(now, limit).until, _grace_after_gap(limit, now).until)


def _grace_after_gap(timeout: float, now: float) -> Grace:
    """Return the grace after the last time without a living API server; Airflow 2's tasks need none."""
    from astro_runtime_plugin.airflow_compat import line
    from astro_runtime_plugin.fixes.support.api_server_gap import last_gap_end
    from astro_runtime_plugin.inventory.recorder import component_rows

    end = last_gap_end(component_rows(), now) if line() == "3.3" else None
    if end is None or end + timeout < now:
        return NEVER
    return grant(end, now, timeout, "no API server was alive")


FIX = Fix(
    id=ID,
    title="After an outage of the database or of all API servers, running tasks get time to report",
    symptom="The first scheduler that is back after an outage of some minutes fails every running task.",
    issue="https://github.com/apache/airflow/issues/39088",
    ends="Airflow's scheduler fails no task for a heartbeat timeout after an outage.",
    patches=(
        Patch(
            MODULE, f"{CLASS}.heartbeat_callback", ("c5a648b44c56e3d3", "6c1babc23d35ed14"), record_heartbeat
        ),
        Patch(
            MODULE,
            f"{CLASS}.adopt_or_reset_orphaned_tasks",
            ("453cc3e7a210a5cf", "7a460554b37c7526"),
            postpone_adoption,
        ),
        Patch(
            MODULE,
            f"{CLASS}._find_and_purge_task_instances_without_heartbeats",
            ("d49f53abf935d6e2",),
            spare_running_tasks,
            ("3.3",),
        ),
        Patch(
            MODULE, f"{CLASS}._find_and_purge_zombies", ("f6be7d1b98aaa186",), spare_running_tasks, ("2.11",)
        ),
    ),
)
