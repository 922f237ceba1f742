"""The executors of a scheduler."""

from __future__ import annotations

from typing import Any

# Attributes of Airflow 2's hybrid executors.
PARTS = ("celery_executor", "local_executor", "kubernetes_executor")


def scheduler_executors(runner: Any) -> list[Any]:
    """Return a scheduler's executors; instead of a hybrid one, such as CeleryKubernetesExecutor, its two parts."""
    executors = getattr(runner, "executors", None) or runner.job.executors
    return [part for executor in executors for part in _parts(executor) or [executor]]


def _parts(executor: Any) -> list[Any]:
    return [getattr(executor, name) for name in PARTS if hasattr(executor, name)]
