"""Runs every check. One that cannot read its facts is unknown, and the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.cluster import celery_rules, readings, rules
from astro_runtime_plugin.cluster.finding import ClusterFinding
from astro_runtime_plugin.component import COMPONENTS
from astro_runtime_plugin.inventory.listing import live_components, live_rows
from astro_runtime_plugin.inventory.recorder import component_rows, timeout_seconds
from astro_runtime_plugin.parallelism.bounds import MAX_TASKS
from astro_runtime_plugin.parallelism.query import inspect_workers


def all_findings() -> list[ClusterFinding]:
    """Return what every check has found. With Celery, the answer takes a few seconds."""
    checks = {
        rules.MIGRATION: check_migration,
        rules.COMPONENTS: check_components,
        rules.IMAGES: check_images,
        rules.ORPHANS: check_orphans,
        celery_rules.WORKERS: check_celery,
    }
    return [finding for name, check in checks.items() for finding in _attempt(name, check)]


def _attempt(name: str, check: Callable[[], Iterable[ClusterFinding]]) -> list[ClusterFinding]:
    try:
        return [*check()]
    except Exception as error:  # the text of a driver's error may contain the database's URL
        text = f"the check failed: {type(error).__name__}"
        return [ClusterFinding(name, "unknown", text, "check that the metadata database can be reached")]


def check_migration() -> Iterator[ClusterFinding]:
    """Compare the database's revision with this image's."""
    yield rules.judge_schema(airflow_compat.schema_state())


def check_components() -> Iterator[ClusterFinding]:
    """Look for a live component of each kind."""
    beats, rows = readings.read_beats(), component_rows()
    live = [*live_rows(rows, time.time())]
    recent = {row.component for row in rows}
    yield from rules.judge_components(airflow_compat.line(), beats, live, recent)


def check_images() -> Iterator[ClusterFinding]:
    """Compare the images of the live components."""
    longest = max(timeout_seconds(component) for component in COMPONENTS)
    yield from rules.judge_images(live_components(component_rows(), time.time()), longest)


def check_orphans() -> Iterator[ClusterFinding]:
    """Count the tasks of dead schedulers."""
    yield rules.judge_orphans(readings.count_orphans(), readings.adoption_interval())


def check_celery() -> Iterator[ClusterFinding]:
    """Ask the Celery workers, if an executor is Celery's, and look for tasks and queues without one."""
    if not readings.uses_celery():
        return
    before = readings.read_running()
    answer = inspect_workers()
    unclear = {*answer.invalid, *answer.silent}
    yield celery_rules.judge_workers(answer.workers, str(answer.problem or ""), unclear, answer.images)
    yield from celery_rules.judge_worker_images(answer.workers, answer.images)
    is_complete = not (answer.problem or unclear)
    knows_active = is_complete and len(answer.active) < MAX_TASKS
    if knows_active:
        after = readings.read_running()  # a task that runs before and after the question has run meanwhile
        missing = before.items() & after.items()
        yield from celery_rules.judge_running(
            {key: host for key, host in missing if key not in answer.active}
        )
    workers = None if answer.problem else answer.workers
    yield from celery_rules.judge_queues(
        readings.read_overdue(),
        workers,
        readings.OVERDUE_SECONDS,
        is_complete,
        len(answer.active) if knows_active else None,
    )
