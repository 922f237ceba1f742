"""The running workers and the limits in force, for `astro-runtime workers`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from airflow.configuration import conf

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.parallelism.limit import Worker
from astro_runtime_plugin.parallelism.snapshot import WorkersSummary, fetch_rows, summarize
from entrypoint import capacity
from entrypoint.errors import UNAVAILABLE, UNKNOWN, StartError
from entrypoint.record import ResolvedSetting


class QueriedWorkers(NamedTuple):
    """The summary, the reason if the workers could not be queried, and by worker why a reply is invalid."""

    summary: WorkersSummary
    problem: StartError | None
    invalid: Mapping[str, str]


def query_workers(settings: Iterable[ResolvedSetting]) -> QueriedWorkers:
    """Query the workers if an executor is Celery's, for a few seconds; one that does not answer is left out."""
    answer: Mapping[str, Any] = {}
    problem = None
    if capacity.uses_celery(conf.get("core", "executor")):
        try:
            answer = _inspect()
        except StartError as error:
            problem = error
    workers = [Worker(name, pool, tuple(queues)) for name, pool, queues in answer.get("workers", ())]
    summary = summarize(settings, fetch_rows(), workers)
    return QueriedWorkers(summary, problem, answer.get("invalid", {}))


def _inspect() -> Mapping[str, Any]:
    try:
        app = airflow_compat.celery_app()

        from astro_runtime_plugin.celery_client import remote_control_problem
        from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector, broker_settings
    except ImportError as error:
        raise StartError(f"the Celery provider cannot be imported: {error}", UNKNOWN) from error
    if problem := remote_control_problem(app):
        raise StartError(f"the workers cannot be queried: {problem}", UNKNOWN)
    answer = WorkerInspector(broker_settings(app.conf)).inspect_once()
    if "error" in answer:
        raise StartError(f"could not query the broker: {answer['error']}", UNAVAILABLE)
    return answer
