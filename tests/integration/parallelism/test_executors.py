"""CeleryExecutor together with KubernetesExecutor: its limit follows the workers, and that of the pods is unchanged."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from testing.celery_cluster import Cluster, run_cluster, wait_while_running
from testing.installed_line import LINE
from testing.kubernetes_api import kubernetes_namespace
from testing.servers import Postgres, redis

WAITING, PODS = 14, 28  # tasks for Celery, and for Kubernetes
AIRFLOW_PARALLELISM = 32  # that of KubernetesExecutor does not change
BOTH, HYBRID = "CeleryExecutor,KubernetesExecutor", "CeleryKubernetesExecutor"
EXECUTORS = {"3.3": [BOTH], "2.11": [BOTH, HYBRID]}[LINE]
POD = {BOTH: 'executor="KubernetesExecutor"', HYBRID: 'queue="kubernetes"'}  # what makes a task a pod
DAG = """
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@dag("{name}", schedule=None, start_date=datetime(2020, 1, 1), max_active_tasks=99, is_paused_upon_creation=False)
def executors():
    @task({task})
    def idle(number):
        pass

    idle.expand(number=list(range({tasks})))

executors()
"""
# With this, a metric's name has the executor's name among its tags.
TAGGED = {"AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True"}


def gauge(cluster: Cluster, name: str, executor: str) -> float | None:
    """Return the last value of an executor's metric."""
    tag = {"3.3": "executor_class_name", "2.11": "name"}[LINE]
    return next(
        (
            value
            for tagged, value in cluster.metrics.gauges.items()
            if tagged.startswith(f"executor.{name}") and f"{tag}={executor}" in tagged.split(",")
        ),
        None,
    )


def gauge_is(cluster: Cluster, name: str, executor: str, value: int) -> Callable[[], bool]:
    return lambda: gauge(cluster, name, executor) == value


@pytest.mark.parametrize("executor", EXECUTORS)
def test_limit_follows_the_workers_and_pods_have_their_own(
    tmp_path: Path, metadata: Postgres, executor: str
) -> None:
    database = f"executors_{EXECUTORS.index(executor)}"
    (tmp_path / "dags").mkdir()
    # No worker takes from this queue: for Airflow its tasks run forever, like those of a killed worker.
    celery = DAG.format(name="celery", task='queue="nobody"', tasks=WAITING)
    pods = DAG.format(name="pods", task=POD[executor], tasks=PODS)
    (tmp_path / "dags" / "celery.py").write_text(celery)
    (tmp_path / "dags" / "pods.py").write_text(pods)
    with (
        redis() as broker,
        kubernetes_namespace(tmp_path) as kubernetes,
        run_cluster(tmp_path, metadata.create(database, "migrated"), broker) as cluster,
    ):
        cluster.environ |= {**kubernetes.environ, **TAGGED, "AIRFLOW__CORE__EXECUTOR": executor}
        cluster.execute(*cluster.airflow, "dags", "reserialize").check_returncode()
        scheduler = cluster.scheduler()
        small, large = cluster.workers(("small", "-c", "2"), ("large", "--autoscale", "10,1"))
        wait_while_running(gauge_is(cluster, "open_slots", "CeleryExecutor", 12), scheduler)
        wait_while_running(
            gauge_is(cluster, "open_slots", "KubernetesExecutor", AIRFLOW_PARALLELISM), scheduler
        )
        cluster.execute(*cluster.airflow, "dags", "trigger", "celery").check_returncode()
        wait_while_running(gauge_is(cluster, "running_tasks", "CeleryExecutor", 12), scheduler)
        large.kill(signal.SIGKILL)
        wait_while_running(lambda: "Parallelism is 2: 1×2 default" in scheduler.log, scheduler)
        cluster.execute(*cluster.airflow, "dags", "trigger", "pods").check_returncode()
        wait_while_running(lambda: len(kubernetes.pods) == PODS, scheduler)
        wait_while_running(gauge_is(cluster, "open_slots", "CeleryExecutor", 0), scheduler)
        assert gauge(cluster, "running_tasks", "CeleryExecutor") == 12
        assert small.process.poll() is None
        configured = cluster.execute(*cluster.airflow, "config", "get-value", "core", "executor").stdout
        assert configured.splitlines()[-1] == executor
