"""How many pods KubernetesExecutor creates in one scheduler loop: the Runtime's default, stock, and an operator's."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.celery_cluster import AIRFLOW, Cluster, cluster, until
from testing.kubernetes_api import kubernetes
from testing.servers import Postgres
from testing.stock_airflow import stock

TASKS = 32  # Airflow's own parallelism: all are queued at once
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
SAID: dict[str, tuple[str, Mapping[str, str], str, int]] = {
    "the Runtime": ("runtime", {}, "", 16),
    "stock Airflow": ("stock", {}, "", 1),
    "an operator's environment": ("runtime", {BATCH: "4"}, "", 4),
    "an operator's airflow.cfg": ("runtime", {}, CFG, 4),
}


@pytest.fixture(scope="module")
def stock_airflow(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return stock(tmp_path_factory.mktemp("stock"))


def command(made: Cluster, *words: str) -> None:
    subprocess.run(
        [*made.airflow, *words], env=made.environ, cwd=made.home, capture_output=True, timeout=300, check=True
    )


def most_in_a_loop(log: str) -> int:
    """Return the most pods that were created between two times that the scheduler called its executor."""
    return max(loop.count(CREATED) for loop in re.split(LOOP, log))


@pytest.mark.parametrize("said", SAID)
def test_pods_in_a_scheduler_loop(
    tmp_path: Path, metadata: Postgres, stock_airflow: tuple[str, ...], said: str
) -> None:
    kind, environ, cfg, expected = SAID[said]
    database = metadata.create(f"pods_{list(SAID).index(said)}", "migrated")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "pods.py").write_text(DAG)
    (tmp_path / "airflow.cfg").write_text(cfg)
    with kubernetes(tmp_path) as cloud, cluster(tmp_path, database, "redis://127.0.0.1:1/0") as made:
        made.airflow = {"runtime": AIRFLOW, "stock": stock_airflow}[kind]
        made.environ |= {
            **cloud.environ,
            **environ,
            "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        }
        command(made, "dags", "reserialize")
        command(made, "dags", "trigger", "pods")
        scheduler = made.run("scheduler", "scheduler")
        until(lambda: len(cloud.pods) == TASKS, scheduler)
        assert most_in_a_loop(scheduler.log) == expected
