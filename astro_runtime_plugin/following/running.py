"""The running workers and the bound in force, for the API and `astro-runtime workers`."""

from __future__ import annotations

from collections.abc import Iterable

from astro_runtime_plugin import state
from astro_runtime_plugin.following.ask import Asker, settings_of
from astro_runtime_plugin.following.record import FRESH_SECONDS, KIND, Workers, shown
from astro_runtime_plugin.following.workers import Worker
from entrypoint.origin import Resolved


def running(settings: Iterable[Resolved]) -> Workers:
    """Ask the workers, which takes some seconds; one that does not answer, or a broker that is away, has none."""
    from airflow.providers.celery.executors.celery_executor_utils import app

    answer = Asker(settings_of(app.conf)).round()
    asked = [Worker(name, pool, tuple(queues)) for name, pool, queues in answer.get("workers", ())]
    return shown(settings, state.fetch(KIND, FRESH_SECONDS), asked)
