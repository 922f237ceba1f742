"""The running workers and the bound in force, for `astro-runtime workers`."""

from __future__ import annotations

from collections.abc import Iterable

from airflow.configuration import conf

from astro_runtime_plugin import state
from astro_runtime_plugin.following.record import FRESH_SECONDS, KIND, Workers, shown
from astro_runtime_plugin.following.workers import Worker
from astro_runtime_plugin.known import NOT_TOLD
from entrypoint import formula
from entrypoint.errors import UNAVAILABLE, StartError
from entrypoint.origin import Resolved

CELERYS = {"CeleryExecutor", "CeleryKubernetesExecutor"}


def running(settings: Iterable[Resolved]) -> tuple[Workers, StartError | None]:
    """Ask the workers, which takes some seconds, where an executor is Celery's; one that does not answer is none.

    Returns what is known, and why the workers could not be asked.
    """
    asked: list[Worker] = []
    problem = None
    if CELERYS & formula.executors(conf.get("core", "executor")):
        try:
            asked = _asked()
        except StartError as error:
            problem = error
    return shown(settings, state.fetch(KIND, FRESH_SECONDS), asked), problem


def _asked() -> list[Worker]:
    try:
        from airflow.providers.celery.executors.celery_executor_utils import app

        from astro_runtime_plugin.following.ask import Asker, settings_of
    except ImportError as error:
        raise StartError(f"the Celery provider cannot be imported: {error}", NOT_TOLD) from error
    answer = Asker(settings_of(app.conf)).round()
    if "error" in answer:
        raise StartError(f"the broker cannot be asked: {answer['error']}", UNAVAILABLE)
    return [Worker(name, pool, tuple(queues)) for name, pool, queues in answer["workers"]]
