"""The running workers and the limits in force, for `astro-runtime workers`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from airflow.configuration import conf

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.parallelism.limit import Worker
from astro_runtime_plugin.parallelism.snapshot import WorkersSummary, fetch_rows, summarize
from astro_runtime_plugin.releases.running_image import RunningImage
from entrypoint import capacity
from entrypoint.errors import UNAVAILABLE, UNKNOWN, StartError
from entrypoint.record import ResolvedSetting


class QueriedWorkers(NamedTuple):
    """The summary, the reason if the workers could not be queried, and by worker why a reply is invalid."""

    summary: WorkersSummary
    problem: StartError | None
    invalid: Mapping[str, str]


class InspectedWorkers(NamedTuple):
    """The workers that answered, the reason if they could not be asked, and by worker why a reply is invalid.

    A worker that consumes no queue is among them: it finishes its tasks and takes no new ones. `silent` are the names
    of those that did not reply to every question, `active` the Celery ids of the tasks that the others run. `images`
    has the image of each worker that names one: those of stock Airflow and of older releases do not.
    """

    workers: list[Worker]
    problem: StartError | None
    invalid: Mapping[str, str]
    silent: Collection[str] = ()
    active: Collection[str] = ()
    images: Mapping[str, RunningImage] = {}


def query_workers(settings: Iterable[ResolvedSetting]) -> QueriedWorkers:
    """Query the workers if an executor is Celery's, for a few seconds; one that does not answer is left out."""
    inspected = InspectedWorkers([], None, {})
    if capacity.uses_celery(conf.get("core", "executor")):
        inspected = inspect_workers()
    summary = summarize(settings, fetch_rows(), inspected.workers)
    return QueriedWorkers(summary, inspected.problem, inspected.invalid)


def inspect_workers() -> InspectedWorkers:
    """Ask the Celery workers, for a few seconds; one that does not answer is left out."""
    try:
        answer, images = _inspect()
    except StartError as error:
        return InspectedWorkers([], error, {})
    workers = [Worker(name, pool, tuple(queues)) for name, pool, queues in answer.get("workers", ())]
    silent, active = answer.get("silent", ()), frozenset(answer.get("active", ()))
    return InspectedWorkers(workers, None, answer.get("invalid", {}), silent, active, images)


def _inspect() -> tuple[Mapping[str, Any], Mapping[str, RunningImage]]:
    try:
        app = airflow_compat.celery_app()

        from astro_runtime_plugin.celery_client import remote_control_problem
        from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector, broker_settings
    except ImportError as error:
        raise StartError(f"the Celery provider cannot be imported: {error}", UNKNOWN) from error
    if problem := remote_control_problem(app):
        raise StartError(f"the workers cannot be queried: {problem}", UNKNOWN)
    inspector = WorkerInspector(broker_settings(app.conf))
    answer = inspector.inspect_once()
    if "error" in answer:
        raise StartError(f"could not query the broker: {answer['error']}", UNAVAILABLE)
    return answer, inspector.images
