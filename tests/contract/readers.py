"""What Airflow's own objects make of the settings: scheduler, executors, what looks for DAG files."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from unittest.mock import patch

from testing.installed_line import LINE


def read_by_airflow() -> dict[str, list[float]]:
    """Return each setting's values, by its documented name, in the objects that use it."""
    from airflow.executors import base_executor
    from airflow.jobs.job import Job
    from airflow.providers.cncf.kubernetes.kube_config import KubeConfig

    # What follows the running workers would stay in this process; tests/following has it.
    with patch("astro_runtime_plugin.parallelism.activate.activate"):
        job = Job()
    executor = imported_again(base_executor).BaseExecutor()
    scheduler = SCHEDULER[LINE](job, executor)
    kubernetes = KubeConfig()
    return {
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": [INTERVAL[LINE]()],
        "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": [scheduler._task_queued_timeout],
        "AIRFLOW__CORE__PARALLELISM": [
            AT_ONCE[LINE](scheduler),
            executor.parallelism,
            bounded(executor.slots_available),
            kubernetes.parallelism,
        ],
        "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE": [
            kubernetes.worker_pods_creation_batch_size
        ],
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": [job.max_tis_per_query],
    }


def _scheduler_3(job: Any, executor: Any) -> Any:
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    return SchedulerJobRunner(job=job, executors=[executor])


def _scheduler_2(job: Any, executor: Any) -> Any:
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    job.executors = [executor]
    return SchedulerJobRunner(job=job)


def _at_once_3(scheduler: Any) -> float:
    return float(scheduler._parallelism)


def _at_once_2(scheduler: Any) -> float:
    """Return how many tasks the scheduler's loop would queue with nothing running; the loop reads `conf` itself."""
    with (
        patch.object(scheduler.job, "max_tis_per_query", 0),
        patch.object(scheduler, "_executable_task_instances_to_queued", return_value=[]) as query,
    ):
        scheduler._critical_section_enqueue_task_instances(session=None)
    return bounded(query.call_args.args[0])


def bounded(tasks: float) -> float:
    """Return 0 for what Airflow 2 makes of it: no bound."""
    return 0 if tasks == sys.maxsize else tasks


def _interval_3() -> float:
    from airflow.dag_processing.bundles import base

    class Bundle(imported_again(base).BaseDagBundle):  # type: ignore[misc]
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


SCHEDULER: dict[str, Callable[[Any, Any], Any]] = {"3.3": _scheduler_3, "2.11": _scheduler_2}
AT_ONCE: dict[str, Callable[[Any], float]] = {"3.3": _at_once_3, "2.11": _at_once_2}
INTERVAL: dict[str, Callable[[], float]] = {"3.3": _interval_3, "2.11": _interval_2}


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
