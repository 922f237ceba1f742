"""What a scheduler's start leaves in Airflow, executor by executor: only CeleryExecutor's parallelism is another's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from testing.celery_cluster import told
from testing.entrypoint_process import CHECKOUT, ENTRYPOINT
from testing.kubernetes_api import kubernetes
from testing.servers import Postgres

# Does what the `airflow scheduler` does before its loop, and tells what is there then.
BEFORE_THE_LOOP = """
import json, sys, threading
from airflow.executors.executor_loader import ExecutorLoader
from airflow.jobs import scheduler_job_runner as runner
from airflow.jobs.job import Job
stock = runner.conf
Job()
executor = ExecutorLoader.get_default_executor()
executor.job_id = 1
before = {thread.name for thread in threading.enumerate()}
executor.start()
threads = {thread.name for thread in threading.enumerate()} - before
told = json.dumps({
    "executor": type(executor).__name__,
    "parallelism is its own": "parallelism" in vars(executor) and not hasattr(type(executor), "parallelism"),
    "the scheduler's is its own": runner.conf is stock and not hasattr(runner.SchedulerJobRunner, "_parallelism"),
    "threads": [name for name in threads if name.startswith("astro-runtime")],
})
sys.stdout.write(told + "\\n")  # in one piece: LocalExecutor's workers write there, too
executor.end()
"""
UNTOUCHED = {"parallelism is its own": True, "the scheduler's is its own": True, "threads": []}
FOLLOWS = {
    "parallelism is its own": False,
    "the scheduler's is its own": False,
    "threads": ["astro-runtime workers"],
}
# The executor, the environment, airflow.cfg, and what is left.
LEFT: dict[str, tuple[str, Mapping[str, str], str, Mapping[str, Any]]] = {
    "LocalExecutor": ("LocalExecutor", {}, "", UNTOUCHED),
    "KubernetesExecutor": ("KubernetesExecutor", {}, "", UNTOUCHED),
    "CeleryExecutor": ("CeleryExecutor", {}, "", FOLLOWS),
    "parallelism set": ("CeleryExecutor", {"AIRFLOW__CORE__PARALLELISM": "32"}, "", UNTOUCHED),
    "its documented name": ("CeleryExecutor", {"AIRFLOW_CORE_PARALLELISM": "32"}, "", UNTOUCHED),
    "in airflow.cfg": ("CeleryExecutor", {}, "[core]\nparallelism = 32\n", UNTOUCHED),
}


@pytest.mark.parametrize("case", LEFT)
def test_before_the_loop(tmp_path: Path, metadata: Postgres, case: str) -> None:
    executor, environ, cfg, left = LEFT[case]
    (tmp_path / "airflow.cfg").write_text(cfg)
    with kubernetes(tmp_path) as cloud:
        more = {**cloud.environ, **environ, "AIRFLOW__CORE__EXECUTOR": executor}
        done = subprocess.run(
            [*ENTRYPOINT, "python", "-c", BEFORE_THE_LOOP],
            env=told(tmp_path, metadata.url("migrated"), "redis://127.0.0.1:1/0", **more),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    (found,) = [line for line in done.stdout.splitlines() if line.startswith("{")]  # the rest is a log
    assert json.loads(found) == {"executor": executor, **left}
