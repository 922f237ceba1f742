"""Puts the bound that follows the workers in the place of parallelism, in the scheduler's process and nowhere else.

What bounds concurrency: `executor.parallelism` (`BaseExecutor.slots_available`, `heartbeat`) and, over all executors,
on Airflow 3 `SchedulerJobRunner._parallelism`, read at start, and on Airflow 2 `conf.getint("core", "parallelism")` in
every loop. The executor stays Airflow's own class, under its own name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from airflow import __version__ as airflow_version
from airflow.configuration import conf
from airflow.executors.executor_loader import ExecutorLoader

from astro_runtime_plugin.options.settings import AIRFLOW_DEFAULTS
from astro_runtime_plugin.parallelism.effective import (
    EffectiveParallelism,
    OverriddenAttribute,
    override_attribute,
    override_conf,
)
from astro_runtime_plugin.parallelism.inspect_process import broker_settings
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.monitor import ParallelismMonitor
from astro_runtime_plugin.parallelism.publish import SUBSCRIBERS
from entrypoint import capacity, config_file, record
from entrypoint.airflow_line import line_of
from entrypoint.defaults import AIRFLOW_WORKER_CONCURRENCY
from entrypoint.resolve import configured_concurrency, configured_queues

PARALLELISM = "AIRFLOW__CORE__PARALLELISM"
AIRFLOW_PARALLELISM = int(AIRFLOW_DEFAULTS[PARALLELISM])
DEFAULTS = (record.RUNTIME, record.AIRFLOW)
CELERY, HYBRID = ".CeleryExecutor", ".CeleryKubernetesExecutor"  # how an executor's path ends
SCHEDULER_OVERRIDES = {"3": override_attribute, "2": override_conf}  # by Airflow's major


def activate(runner: ModuleType) -> None:
    """Let parallelism follow the workers, where CeleryExecutor runs and parallelism is no one's but a default."""
    if not is_default() or conf.getboolean("core", "multi_team", fallback=False):
        return
    names = [name.module_path for name in ExecutorLoader.get_executor_names()]
    if any(name.endswith(HYBRID) for name in names):
        count_both_parts()
    elif not any(name.endswith(CELERY) for name in names):
        return
    others = [name for name in names if not name.endswith(CELERY)]
    follow_workers(runner, len(others))


def follow_workers(runner: ModuleType, others: int) -> None:
    """Put what follows the workers in the place of parallelism, once; `others` as in InForce."""
    from airflow.providers.celery.executors import celery_executor

    celery = celery_executor.CeleryExecutor
    if isinstance(celery.__dict__.get("parallelism"), OverriddenAttribute):
        return
    following = ParallelismMonitor(initial_state(), SUBSCRIBERS)
    force = EffectiveParallelism(following.bound, others)
    SCHEDULER_OVERRIDES[airflow_version.split(".")[0]](runner, force.over_all)
    celery.parallelism = OverriddenAttribute("parallelism", force.of_celery)
    celery.start = start_with_monitor(celery.start, following, force)


def count_both_parts() -> None:
    """Let CeleryKubernetesExecutor have free slots where either part has: no pod waits for a Celery worker.

    Airflow counts those of Celery alone. What Celery may not run yet waits in its executor.
    """
    from airflow.providers.celery.executors import celery_kubernetes_executor as hybrid

    hybrid.CeleryKubernetesExecutor.slots_available = property(
        lambda both: both.celery_executor.slots_available + both.kubernetes_executor.slots_available
    )


def is_default() -> bool:
    """Whether the operator has left parallelism to the Runtime: the record of this process says so."""
    return any(one.documented == PARALLELISM and one.origin in DEFAULTS for one in record.decode(os.environ))


def initial_state() -> LimitState:
    """Return the bound before any worker has answered."""
    operators = record.strip_exports(os.environ)
    cfg = config_file.read_config(config_file.config_path(operators))
    told = configured_queues(operators, cfg)
    concurrency = configured_concurrency(operators, cfg, line_of(airflow_version))
    first = capacity.initial_limit(told, concurrency or AIRFLOW_WORKER_CONCURRENCY)
    if first.value is None:
        most = capacity.max_limit(told, concurrency or AIRFLOW_WORKER_CONCURRENCY) or AIRFLOW_PARALLELISM
        first = capacity.Calculation(min(AIRFLOW_PARALLELISM, most), "no worker has answered")
    return LimitState(first, lambda largest: capacity.max_limit(told, concurrency or largest))


def start_with_monitor(
    start: Callable[[Any], None], following: ParallelismMonitor, force: EffectiveParallelism
) -> Callable[[Any], None]:
    """Wrap an executor's `start`, which the scheduler calls once it is to run tasks."""

    def start_and_follow(executor: Any) -> None:
        start(executor)
        force.executor = executor
        following.start(broker_settings(executor.celery_app.conf))

    return start_and_follow
