"""CeleryExecutor beside KubernetesExecutor: its bound follows the workers, and the pods' stays what it was."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from testing.celery_cluster import Cluster, cluster, until
from testing.installed_line import LINE
from testing.kubernetes_api import kubernetes
from testing.servers import Postgres, redis

WAITING, PODS = 14, 28  # tasks for Celery, and for Kubernetes
OWN = 32  # Airflow's parallelism, which Kubernetes' part keeps
BESIDE, HYBRID = "CeleryExecutor,KubernetesExecutor", "CeleryKubernetesExecutor"
EXECUTORS = {"3.3": [BESIDE], "2.11": [BESIDE, HYBRID]}[LINE]
POD = {BESIDE: 'executor="KubernetesExecutor"', HYBRID: 'queue="kubernetes"'}  # what makes a task a pod
DAG = """
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@dag("{name}", schedule=None, start_date=datetime(2020, 1, 1), max_active_tasks=99, is_paused_upon_creation=False)
def made():
    @task({task})
    def idle(number):
        pass

    idle.expand(number=list(range({tasks})))

made()
"""
# The executor's name is among the tags that a metric's name has with it.
TAGGED = {"AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True"}


def gauge(made: Cluster, name: str, executor: str) -> float | None:
    """Return the last value of an executor's metric."""
    tag = {"3.3": "executor_class_name", "2.11": "name"}[LINE]
    return next(
        (
            value
            for sent, value in made.metrics.gauges.items()
            if sent.startswith(f"executor.{name}") and f"{tag}={executor}" in sent.split(",")
        ),
        None,
    )


def says(made: Cluster, name: str, executor: str, value: int) -> Callable[[], bool]:
    return lambda: gauge(made, name, executor) == value


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_bound_follows_the_workers_and_pods_have_their_own(
    tmp_path: Path, metadata: Postgres, executor: str
) -> None:
    database = f"executors_{EXECUTORS.index(executor)}"
    (tmp_path / "dags").mkdir()
    # No worker takes from that queue: what is sent to Celery runs on and on, as it does with a worker that was killed.
    celery = DAG.format(name="celery", task='queue="nobody"', tasks=WAITING)
    pods = DAG.format(name="pods", task=POD[executor], tasks=PODS)
    (tmp_path / "dags" / "celery.py").write_text(celery)
    (tmp_path / "dags" / "pods.py").write_text(pods)
    with (
        redis() as broker,
        kubernetes(tmp_path) as cloud,
        cluster(tmp_path, metadata.create(database, "migrated"), broker) as made,
    ):
        made.environ |= {**cloud.environ, **TAGGED, "AIRFLOW__CORE__EXECUTOR": executor}
        made.asked(*made.airflow, "dags", "reserialize").check_returncode()
        scheduler = made.scheduler()
        small, large = made.workers(("small", "-c", "2"), ("large", "--autoscale", "10,1"))
        until(says(made, "open_slots", "CeleryExecutor", 12), scheduler)
        until(says(made, "open_slots", "KubernetesExecutor", OWN), scheduler)
        made.asked(*made.airflow, "dags", "trigger", "celery").check_returncode()
        until(says(made, "running_tasks", "CeleryExecutor", 12), scheduler)
        large.kill(signal.SIGKILL)
        until(lambda: "Parallelism is 2: 1×2 default" in scheduler.log, scheduler)
        made.asked(*made.airflow, "dags", "trigger", "pods").check_returncode()
        until(lambda: len(cloud.pods) == PODS, scheduler)
        assert gauge(made, "running_tasks", "CeleryExecutor") == 12
        assert gauge(made, "open_slots", "CeleryExecutor") == 0
        assert small.process.poll() is None
        configured = made.asked(*made.airflow, "config", "get-value", "core", "executor").stdout
        assert configured.splitlines()[-1] == executor
