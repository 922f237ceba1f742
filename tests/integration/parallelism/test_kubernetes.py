"""How many pods KubernetesExecutor creates in one scheduler loop: by default, without the Runtime, and overridden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.celery_cluster import AIRFLOW, run_cluster, wait_while_running
from testing.kubernetes_api import kubernetes_namespace
from testing.plain_airflow import install_plain_airflow
from testing.servers import Postgres

NO_BROKER = "redis://127.0.0.1:1/0"
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
def dags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The setting of a folder with the DAG, for every case: its file has the path that the database knows."""
    folder = tmp_path_factory.mktemp("dags")
    (folder / "pods.py").write_text(DAG)
    return {"AIRFLOW__CORE__DAGS_FOLDER": str(folder)}


@pytest.fixture(scope="module")
def template(metadata: Postgres, dags: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with a run of the DAG, from which those of the cases are copied."""
    name, home = "pods", tmp_path_factory.mktemp("template")
    with run_cluster(home, metadata.create(name, "migrated"), NO_BROKER, **dags) as cluster:
        for words in (("dags", "reserialize"), ("dags", "trigger", "pods")):
            cluster.execute(*cluster.airflow, *words).check_returncode()
    return name


@pytest.fixture(scope="module")
def plain_airflow(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return install_plain_airflow(tmp_path_factory.mktemp("plain"))


def max_pods_in_a_loop(log: str) -> int:
    """Return the maximum of pods that were created between two calls of the executor by the scheduler."""
    return max(loop.count(CREATED) for loop in re.split(LOOP, log))


@pytest.mark.parametrize("case", CASES)
def test_scheduler_loop_creates_the_configured_number_of_pods(
    tmp_path: Path,
    metadata: Postgres,
    dags: dict[str, str],
    template: str,
    plain_airflow: tuple[str, ...],
    case: str,
) -> None:
    kind, environ, cfg, expected = CASES[case]
    database = metadata.create(f"pods_{list(CASES).index(case)}", template)
    (tmp_path / "airflow.cfg").write_text(cfg)
    with (
        kubernetes_namespace(tmp_path) as kubernetes,
        run_cluster(tmp_path, database, NO_BROKER, **dags) as cluster,
    ):
        cluster.airflow = {"runtime": AIRFLOW, "plain": plain_airflow}[kind]
        cluster.environ |= {
            **kubernetes.environ,
            **environ,
            "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        }
        scheduler = cluster.run("scheduler", "scheduler")
        wait_while_running(lambda: len(kubernetes.pods) == TASKS, scheduler)
        assert max_pods_in_a_loop(scheduler.log) == expected
