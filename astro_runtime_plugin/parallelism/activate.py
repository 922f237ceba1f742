"""Makes parallelism follow the Celery workers, in the scheduler's process only.

Two settings limit concurrency: `executor.parallelism` (`BaseExecutor.slots_available`, `heartbeat`), and the
scheduler's limit over all executors. The executor stays Airflow's own class, under its own name.
"""

from __future__ import annotations

import logging
import os
from types import ModuleType
from typing import Any

from airflow.configuration import conf

from astro_runtime_plugin import airflow_compat
from astro_runtime_plugin.celery_client import remote_control_problem
from astro_runtime_plugin.options.settings import AIRFLOW_DEFAULTS
from astro_runtime_plugin.parallelism.effective import EffectiveParallelism
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.monitor import ParallelismMonitor
from astro_runtime_plugin.parallelism.publish import subscribers
from astro_runtime_plugin.parallelism.snapshot import PARALLELISM
from astro_runtime_plugin.parallelism.worker_inspector import broker_settings
from entrypoint import capacity, config_file, record
from entrypoint.defaults import AIRFLOW_WORKER_CONCURRENCY
from entrypoint.resolve import configured_concurrency, configured_queues

log = logging.getLogger("astro_runtime")
AIRFLOW_PARALLELISM = int(AIRFLOW_DEFAULTS[PARALLELISM])
DEFAULT_ORIGINS = (record.RUNTIME, record.AIRFLOW)


def activate(runner: ModuleType) -> None:
    """Let parallelism follow the workers if CeleryExecutor runs and the operator has not set parallelism."""
    if not is_left_to_runtime() or conf.getboolean("core", "multi_team", fallback=False):
        return
    names = [path.rpartition(".")[2] for path in airflow_compat.executor_paths()]
    if capacity.HYBRID_EXECUTOR in names:
        airflow_compat.sum_hybrid_slots()
    elif capacity.CELERY_EXECUTOR not in names:
        return
    follow_workers(runner, sum(name != capacity.CELERY_EXECUTOR for name in names))


def is_left_to_runtime() -> bool:
    """Return whether parallelism is left to the Runtime, according to this process's record."""
    return any(
        setting.documented == PARALLELISM and setting.origin in DEFAULT_ORIGINS
        for setting in record.decode(os.environ)
    )


def follow_workers(runner: ModuleType, other_executors: int) -> None:
    """Override parallelism in the executor and in the scheduler's loop, once; see EffectiveParallelism."""
    if airflow_compat.is_celery_overridden():
        return
    monitor = ParallelismMonitor(initial_state(), subscribers())
    effective = EffectiveParallelism(monitor.limit, other_executors)
    airflow_compat.override_scheduler_parallelism(runner, effective.over_all_executors)

    def on_start(executor: Any) -> None:
        if problem := remote_control_problem(executor.celery_app):
            effective.follows = False
            log.info("Parallelism stays %d: the workers cannot be queried: %s", executor.parallelism, problem)
            return
        effective.executor = executor
        monitor.start(broker_settings(executor.celery_app.conf))

    airflow_compat.override_celery_executor(effective.of_celery, on_start)


def initial_state() -> LimitState:
    """Return the limit before any worker has answered."""
    environ = record.strip_exports(os.environ)
    cfg = config_file.read_config(config_file.config_path(environ))
    queues = configured_queues(environ, cfg)
    concurrency = configured_concurrency(environ, cfg, airflow_compat.line())
    initial = capacity.initial_limit(queues, concurrency or AIRFLOW_WORKER_CONCURRENCY)
    if initial.value is None:
        maximum = capacity.max_limit(queues, concurrency or AIRFLOW_WORKER_CONCURRENCY) or AIRFLOW_PARALLELISM
        initial = capacity.Calculation(min(AIRFLOW_PARALLELISM, maximum), "no worker has answered")
    return LimitState(initial, lambda largest: capacity.max_limit(queues, concurrency or largest))
