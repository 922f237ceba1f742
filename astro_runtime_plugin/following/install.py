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
from astro_runtime_plugin.following.tell import HEARERS
from astro_runtime_plugin.following.workers import Bound
from entrypoint import airflow_cfg, formula, origin
from entrypoint.defaults import STOCK_CONCURRENCY
from entrypoint.line import line_of
from entrypoint.resolve import told_concurrency, told_queues

PARALLELISM = "AIRFLOW__CORE__PARALLELISM"
DEFAULTS = (origin.RUNTIME, origin.AIRFLOW)
Follow = Callable[[int], int]


class Followed:
    """A data descriptor: the attribute keeps what Airflow sets it to, and `follow` makes of it what is read."""

    def __init__(self, name: str, follow: Follow) -> None:
        self.name = name
        self.follow = follow

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self.follow(instance.__dict__[self.name])

    def __set__(self, instance: Any, value: int) -> None:
        instance.__dict__[self.name] = value


class FollowedConf:
    """Airflow's `conf`, but for `[core] parallelism`."""

    def __init__(self, original: Any, follow: Follow) -> None:
        self._original = original
        self._follow = follow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def getint(self, section: str, key: str, *rest: Any, **options: Any) -> int:
        """Return what `conf.getint` does, parallelism as it follows the workers."""
        value: int = self._original.getint(section, key, *rest, **options)
        return self._follow(value) if (section, key) == ("core", "parallelism") else value


def follow_attribute(runner: ModuleType, follow: Follow) -> None:
    """Airflow 3."""
    runner.SchedulerJobRunner._parallelism = Followed("_parallelism", follow)


def follow_conf(runner: ModuleType, follow: Follow) -> None:
    """Airflow 2."""
    runner.conf = FollowedConf(runner.conf, follow)  # type: ignore[attr-defined]


FOLLOW_OVER_ALL = {"3": follow_attribute, "2": follow_conf}  # by Airflow's major


def install(runner: ModuleType) -> None:
    """Let parallelism follow the workers, where CeleryExecutor runs and parallelism is no one's but a default."""
    if not is_default() or conf.getboolean("core", "multi_team", fallback=False):
        return
    celery, others = executors()
    if celery is None or isinstance(celery.__dict__.get("parallelism"), Followed):
        return
    following = Following(bound(), HEARERS)
    follow_over_all = FOLLOW_OVER_ALL[airflow_version.split(".")[0]]
    follow_over_all(runner, lambda configured: following.bound.value + configured * others)
    celery.parallelism = Followed("parallelism", lambda configured: following.bound.value)  # type: ignore[attr-defined]
    celery.start = started(celery.start, following)  # type: ignore[attr-defined]


def is_default() -> bool:
    """Whether the operator has left parallelism to the Runtime: the record of this process says so."""
    return any(one.documented == PARALLELISM and one.origin in DEFAULTS for one in origin.read(os.environ))


def executors() -> tuple[type | None, int]:
    """Return CeleryExecutor, if it is configured, and how many executors there are beside it."""
    names = [name.module_path for name in ExecutorLoader.get_executor_names()]
    hybrid = [name for name in names if name.endswith(".CeleryKubernetesExecutor")]
    celery = [name for name in names if name.endswith(".CeleryExecutor")]
    if not hybrid and not celery:
        return None, 0
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor

    return CeleryExecutor, len(names) - len(celery)


def bound() -> Bound:
    """Return the bound before any worker has answered."""
    operators = origin.without_exports(os.environ)
    cfg = airflow_cfg.read(airflow_cfg.locate(operators))
    told, concurrency = (
        told_queues(operators, cfg),
        told_concurrency(operators, cfg, line_of(airflow_version)),
    )
    first = formula.first_bound(told, concurrency or STOCK_CONCURRENCY)
    if first.value is None:
        first = formula.Arithmetic(conf.getint("core", "parallelism"), "no worker has answered")
    return Bound(first, formula.ceiling(told, concurrency or STOCK_CONCURRENCY))


def started(start: Callable[[Any], None], following: Following) -> Callable[[Any], None]:
    """Wrap an executor's `start`, which the scheduler calls once it is to run tasks."""

    def start_and_follow(executor: Any) -> None:
        start(executor)
        following.start(settings_of(executor.celery_app.conf))

    return start_and_follow
