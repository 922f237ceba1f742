"""The running workers and the limits in force, for `astro-runtime workers`."""

from __future__ import annotations

from collections.abc import Iterable

from airflow.configuration import conf

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.parallelism.limit import Worker
from astro_runtime_plugin.parallelism.snapshot import WorkersSummary, fetch_rows, summarize
from entrypoint import capacity
from entrypoint.errors import UNAVAILABLE, UNKNOWN, StartError
from entrypoint.record import ResolvedSetting


def query_workers(settings: Iterable[ResolvedSetting]) -> tuple[WorkersSummary, StartError | None]:
    """Query the workers, which takes a few seconds, if an executor is Celery's; one that does not answer is left out.

    Returns the summary, and the reason if the workers could not be queried.
    """
    workers: list[Worker] = []
    problem = None
    if capacity.uses_celery(conf.get("core", "executor")):
        try:
            workers = _inspect()
        except StartError as error:
            problem = error
    return summarize(settings, fetch_rows(), workers), problem


def _inspect() -> list[Worker]:
    try:
        app = airflow_compat.celery_app()

        from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector, broker_settings
    except ImportError as error:
        raise StartError(f"the Celery provider cannot be imported: {error}", UNKNOWN) from error
    answer = WorkerInspector(broker_settings(app.conf)).inspect_once()
    if "error" in answer:
        raise StartError(f"could not query the broker: {answer['error']}", UNAVAILABLE)
    return [Worker(name, pool, tuple(queues)) for name, pool, queues in answer["workers"]]
