"""Reads the settings from the Airflow objects that use them: scheduler, executors, DAG file processing."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from unittest.mock import patch

from testing.installed_line import LINE
from testing.scheduler_parts import scheduler_3


def values_in_airflow() -> dict[str, list[float]]:
    """Return, by a setting's documented name, its values in the objects that use it."""
    from airflow.executors import base_executor
    from airflow.jobs.job import Job
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor

    # The monitor of the running workers would stay in this process; tests/integration/parallelism tests it.
    with patch("astro_runtime_plugin.parallelism.activate.activate"):
        job = Job()
    executor = import_copy(base_executor).BaseExecutor()
    scheduler = SCHEDULER[LINE](job, executor)
    kubernetes_executor = KubernetesExecutor()
    kubernetes = kubernetes_executor.kube_config
    return {
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": [INTERVAL[LINE]()],
        "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": [scheduler._task_queued_timeout],
        "AIRFLOW__CORE__PARALLELISM": [
            PARALLELISM[LINE](scheduler),
            executor.parallelism,
            zero_if_unlimited(executor.slots_available),
            kubernetes.parallelism,
        ],
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE": [
            kubernetes.worker_pods_creation_batch_size
        ],
        "AIRFLOW__KUBERNETES_EXECUTOR__TASK_PUBLISH_MAX_RETRIES": [
            kubernetes_executor.task_publish_max_retries
        ],
        "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES": [CeleryExecutor().workload_publish_max_retries],
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": [],  # the loop reads `conf` when it begins
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": [job.max_tis_per_query],
        **ONLY_HERE[LINE](scheduler),
    }


def _only_on_3(scheduler: Any) -> dict[str, list[float]]:
    timeout = scheduler._task_instance_heartbeat_timeout_secs
    return {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": [timeout]}


def _only_on_2(_: Any) -> dict[str, list[float]]:
    return {}


def _scheduler_2(job: Any, executor: Any) -> Any:
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    job.executors = [executor]
    return SchedulerJobRunner(job=job)


def _parallelism_3(scheduler: Any) -> float:
    return float(scheduler._parallelism)


def _parallelism_2(scheduler: Any) -> float:
    """Return how many tasks the scheduler's loop would queue with nothing running; the loop reads `conf`."""
    with (
        patch.object(scheduler.job, "max_tis_per_query", 0),
        patch.object(scheduler, "_executable_task_instances_to_queued", return_value=[]) as query,
    ):
        scheduler._critical_section_enqueue_task_instances(session=None)
    return zero_if_unlimited(query.call_args.args[0])


def zero_if_unlimited(tasks: float) -> float:
    """Return 0 for sys.maxsize, into which Airflow 2 converts it."""
    return 0 if tasks == sys.maxsize else tasks


def _interval_3() -> float:
    from airflow.dag_processing.bundles import base

    class Bundle(import_copy(base).BaseDagBundle):  # type: ignore[misc]
        path = None

        def get_current_version(self) -> None: ...

        def refresh(self) -> None: ...

    return float(Bundle(name="dags-folder").refresh_interval)


def _interval_2() -> float:
    from airflow.dag_processing.manager import DagFileProcessorManager

    manager = DagFileProcessorManager(
        dag_directory="dags",
        max_runs=1,
        processor_timeout=timedelta(seconds=1),
        dag_ids=None,
        pickle_dags=False,
    )
    return float(manager.dag_dir_list_interval)


SCHEDULER: dict[str, Callable[[Any, Any], Any]] = {"3.3": scheduler_3, "2.11": _scheduler_2}
PARALLELISM: dict[str, Callable[[Any], float]] = {"3.3": _parallelism_3, "2.11": _parallelism_2}
INTERVAL: dict[str, Callable[[], float]] = {"3.3": _interval_3, "2.11": _interval_2}
ONLY_HERE: dict[str, Callable[[Any], dict[str, list[float]]]] = {"3.3": _only_on_3, "2.11": _only_on_2}


def import_copy(module: ModuleType) -> Any:
    """Import a second copy of a module that reads its setting when it is imported."""
    assert module.__file__
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_copy", module.__file__)
    assert spec
    assert spec.loader
    copy = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = copy
    try:
        spec.loader.exec_module(copy)
    finally:
        del sys.modules[spec.name]
    return copy
