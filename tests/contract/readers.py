"""What Airflow's own objects make of the settings: scheduler, executors, DAG bundles."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any


def read_by_airflow() -> dict[str, list[float]]:
    """Return each setting's values, by its documented name, in the objects that use it."""
    from airflow.dag_processing.bundles import base
    from airflow.executors import base_executor
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.providers.cncf.kubernetes.kube_config import KubeConfig

    job = Job()
    executor = imported_again(base_executor).BaseExecutor()
    scheduler = SchedulerJobRunner(job=job, executors=[executor])
    kubernetes = KubeConfig()
    return {
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": [_bundle(imported_again(base)).refresh_interval],
        "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": [scheduler._task_queued_timeout],
        "AIRFLOW__CORE__PARALLELISM": [
            scheduler._parallelism,
            executor.parallelism,
            executor.slots_available,
            kubernetes.parallelism,
        ],
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE": [
            kubernetes.worker_pods_creation_batch_size
        ],
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": [job.max_tis_per_query],
    }


def _bundle(base: Any) -> Any:
    class Bundle(base.BaseDagBundle):  # type: ignore[misc]
        path = None

        def get_current_version(self) -> None: ...

        def refresh(self) -> None: ...

    return Bundle(name="dags-folder")


def imported_again(module: ModuleType) -> Any:
    """Import a second copy: these modules read their setting once, when they are imported."""
    assert module.__file__
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_again", module.__file__)
    assert spec
    assert spec.loader
    copy = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = copy
    try:
        spec.loader.exec_module(copy)
    finally:
        del sys.modules[spec.name]
    return copy
