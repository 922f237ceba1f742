"""How many pods KubernetesExecutor creates in one scheduler loop: by default, without the Runtime, and overridden."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.celery_cluster import AIRFLOW, Cluster, run_cluster, wait_while_running
from testing.kubernetes_api import fake_kubernetes
from testing.plain_airflow import install_plain_airflow
from testing.servers import Postgres

TASKS = 32  # Airflow's parallelism: all are queued at once
BATCH = "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE"
CFG = "[kubernetes_executor]\nworker_pods_creation_batch_size = 4\n"
LOOP, CREATED = "sync method", "Kubernetes Job created!"
DAG = f"""
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

@task
def pod(number):
    pass

@dag(schedule=None, start_date=datetime(2020, 1, 1), max_active_tasks={TASKS}, is_paused_upon_creation=False)
def pods():
    pod.expand(number=list(range({TASKS})))

pods()
"""
# Airflow with or without the Runtime, the environment, airflow.cfg, and the pods in a loop.
CASES: dict[str, tuple[str, Mapping[str, str], str, int]] = {
    "the Runtime": ("runtime", {}, "", 16),
    "plain Airflow": ("plain", {}, "", 1),
    "an operator's environment": ("runtime", {BATCH: "4"}, "", 4),
    "an operator's airflow.cfg": ("runtime", {}, CFG, 4),
}


@pytest.fixture(scope="module")
def plain_airflow(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return install_plain_airflow(tmp_path_factory.mktemp("plain"))


def run_airflow(cluster: Cluster, *words: str) -> None:
    subprocess.run(
        [*cluster.airflow, *words],
        env=cluster.environ,
        cwd=cluster.home,
        capture_output=True,
        timeout=300,
        check=True,
    )


def max_pods_in_a_loop(log: str) -> int:
    """Return the maximum of pods that were created between two calls of the executor by the scheduler."""
    return max(loop.count(CREATED) for loop in re.split(LOOP, log))


@pytest.mark.parametrize("case", CASES)
def test_scheduler_loop_creates_the_configured_number_of_pods(
    tmp_path: Path, metadata: Postgres, plain_airflow: tuple[str, ...], case: str
) -> None:
    kind, environ, cfg, expected = CASES[case]
    database = metadata.create(f"pods_{list(CASES).index(case)}", "migrated")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "pods.py").write_text(DAG)
    (tmp_path / "airflow.cfg").write_text(cfg)
    with (
        fake_kubernetes(tmp_path) as kubernetes,
        run_cluster(tmp_path, database, "redis://127.0.0.1:1/0") as cluster,
    ):
        cluster.airflow = {"runtime": AIRFLOW, "plain": plain_airflow}[kind]
        cluster.environ |= {
            **kubernetes.environ,
            **environ,
            "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        }
        run_airflow(cluster, "dags", "reserialize")
        run_airflow(cluster, "dags", "trigger", "pods")
        scheduler = cluster.run("scheduler", "scheduler")
        wait_while_running(lambda: len(kubernetes.pods) == TASKS, scheduler)
        assert max_pods_in_a_loop(scheduler.log) == expected
