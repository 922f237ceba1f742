"""What a scheduler's start changes in Airflow, by executor: only CeleryExecutor's parallelism is overridden."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from testing.celery_cluster import celery_environment
from testing.entrypoint_process import CHECKOUT, ENTRYPOINT
from testing.servers import Postgres

# Of an API server that is away: nothing is asked of it.
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: away
contexts: [{name: away, context: {cluster: away, user: nobody}}]
clusters: [{name: away, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: nobody, user: {}}]
"""
POD_TEMPLATE = "{apiVersion: v1, kind: Pod, spec: {containers: [{name: base, image: airflow}]}}"
# Does what `airflow scheduler` does before its loop, and prints what has changed.
BEFORE_THE_LOOP = """
import json, sys, threading
from airflow.executors.executor_loader import ExecutorLoader
from airflow.jobs import scheduler_job_runner as runner
from airflow.jobs.job import Job
original_conf = runner.conf
Job()
executor = ExecutorLoader.get_default_executor()
executor.job_id = 1
before = {thread.name for thread in threading.enumerate()}
executor.start()
threads = {thread.name for thread in threading.enumerate()} - before
line = json.dumps({
    "executor": type(executor).__name__,
    "executor unchanged": "parallelism" in vars(executor) and not hasattr(type(executor), "parallelism"),
    "scheduler unchanged": runner.conf is original_conf and not hasattr(runner.SchedulerJobRunner, "_parallelism"),
    "parallelism": executor.parallelism,
    "threads": [name for name in threads if name.startswith("astro-runtime")],
})
sys.stdout.write(line + "\\n")  # in one piece: LocalExecutor's workers write to it, too
executor.end()
"""
UNCHANGED = {"executor unchanged": True, "scheduler unchanged": True, "threads": [], "parallelism": 32}
OVERRIDDEN = {
    "executor unchanged": False,
    "scheduler unchanged": False,
    "threads": ["astro-runtime workers"],
    "parallelism": 32,
}
NOT_QUERIED = {**OVERRIDDEN, "threads": []}
QUEUES = '[{"name": "default", "min_worker_count": 1, "max_worker_count": 3, "worker_concurrency": 7}]'
REMOTE_CONTROL = "AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL"
# The executor, the environment, airflow.cfg, and the result.
CASES: dict[str, tuple[str, Mapping[str, str], str, Mapping[str, Any]]] = {
    "LocalExecutor": ("LocalExecutor", {}, "", {**UNCHANGED, "parallelism": 2}),
    "KubernetesExecutor": ("KubernetesExecutor", {}, "", UNCHANGED),
    "CeleryExecutor": ("CeleryExecutor", {}, "", OVERRIDDEN),
    "parallelism set": ("CeleryExecutor", {"AIRFLOW__CORE__PARALLELISM": "32"}, "", UNCHANGED),
    "its documented name": ("CeleryExecutor", {"AIRFLOW_CORE_PARALLELISM": "32"}, "", UNCHANGED),
    "no remote control": ("CeleryExecutor", {REMOTE_CONTROL: "False"}, "", NOT_QUERIED),
    "no remote control, worker queues": (
        "CeleryExecutor",
        {REMOTE_CONTROL: "False", "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": QUEUES},
        "",
        {**NOT_QUERIED, "parallelism": 21},
    ),
    "no fanout": ("CeleryExecutor", {"AIRFLOW__CELERY__BROKER_URL": "sqla+sqlite://"}, "", NOT_QUERIED),
    "in airflow.cfg": ("CeleryExecutor", {}, "[core]\nparallelism = 32\n", UNCHANGED),
}


@pytest.mark.parametrize("case", CASES)
def test_only_celery_with_default_parallelism_is_overridden(
    tmp_path: Path, metadata: Postgres, case: str
) -> None:
    executor, environ, cfg, expected = CASES[case]
    (tmp_path / "airflow.cfg").write_text(cfg)
    kubernetes = {"IN_CLUSTER": "False"}
    for option, text in {"CONFIG_FILE": KUBECONFIG, "POD_TEMPLATE_FILE": POD_TEMPLATE}.items():
        kubernetes[option] = str(tmp_path / option.lower())
        (tmp_path / option.lower()).write_text(text)
    extra = {f"AIRFLOW__KUBERNETES_EXECUTOR__{option}": text for option, text in kubernetes.items()}
    extra |= {**environ, "AIRFLOW__CORE__EXECUTOR": executor}
    done = subprocess.run(
        [*ENTRYPOINT, "python", "-c", BEFORE_THE_LOOP],
        env=celery_environment(tmp_path, metadata.url("migrated"), "redis://127.0.0.1:1/0", **extra),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("{")]  # the rest is a log
    assert json.loads(line) == {"executor": executor, **expected}
    explained = f"Parallelism stays {expected['parallelism']}: the workers cannot be queried: "
    assert (explained in done.stdout + done.stderr) is (
        expected["threads"] == [] and not expected["executor unchanged"]
    )
