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

from astro_runtime_plugin.following.ask import settings_of
from astro_runtime_plugin.following.follow import Following
from astro_runtime_plugin.following.in_force import Followed, InForce, follow_attribute, follow_conf
from astro_runtime_plugin.following.tell import HEARERS
from astro_runtime_plugin.following.workers import Bound
from astro_runtime_plugin.settings import STOCK
from entrypoint import airflow_cfg, formula, origin
from entrypoint.defaults import STOCK_CONCURRENCY
from entrypoint.line import line_of
from entrypoint.resolve import told_concurrency, told_queues

PARALLELISM = "AIRFLOW__CORE__PARALLELISM"
STOCK_PARALLELISM = int(STOCK[PARALLELISM])
DEFAULTS = (origin.RUNTIME, origin.AIRFLOW)
CELERY, HYBRID = ".CeleryExecutor", ".CeleryKubernetesExecutor"  # how an executor's path ends
FOLLOW_OVER_ALL = {"3": follow_attribute, "2": follow_conf}  # by Airflow's major


def install(runner: ModuleType) -> None:
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
    if isinstance(celery.__dict__.get("parallelism"), Followed):
        return
    following = Following(bound(), HEARERS)
    force = InForce(following.bound, others)
    FOLLOW_OVER_ALL[airflow_version.split(".")[0]](runner, force.over_all)
    celery.parallelism = Followed("parallelism", force.of_celery)
    celery.start = started(celery.start, following, force)


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
    return any(one.documented == PARALLELISM and one.origin in DEFAULTS for one in origin.read(os.environ))


def bound() -> Bound:
    """Return the bound before any worker has answered."""
    operators = origin.without_exports(os.environ)
    cfg = airflow_cfg.read(airflow_cfg.locate(operators))
    told = told_queues(operators, cfg)
    concurrency = told_concurrency(operators, cfg, line_of(airflow_version))
    first = formula.first_bound(told, concurrency or STOCK_CONCURRENCY)
    if first.value is None:
        most = formula.ceiling(told, concurrency or STOCK_CONCURRENCY) or STOCK_PARALLELISM
        first = formula.Arithmetic(min(STOCK_PARALLELISM, most), "no worker has answered")
    return Bound(first, lambda largest: formula.ceiling(told, concurrency or largest))


def started(start: Callable[[Any], None], following: Following, force: InForce) -> Callable[[Any], None]:
    """Wrap an executor's `start`, which the scheduler calls once it is to run tasks."""

    def start_and_follow(executor: Any) -> None:
        start(executor)
        force.executor = executor
        following.start(settings_of(executor.celery_app.conf))

    return start_and_follow
