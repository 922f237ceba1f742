"""What the process that asks finds out of real workers with real tasks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from celery import Celery

from astro_runtime_plugin.parallelism.inspect_process import WorkerInspector
from testing.celery_cluster import Component, until
from testing.entrypoint_process import CHECKOUT
from testing.servers import redis

WORKER = (
    sys.executable,
    "-m",
    "celery",
    "--app",
    "tests.integration.parallelism.sleeper",
    "worker",
    "--concurrency",
    "2",
)


def test_the_tasks_that_run_are_told_by_their_ids_and_those_that_wait_are_not(tmp_path: Path) -> None:
    with redis() as url:
        asker = WorkerInspector({"broker_url": url})
        assert asker.inspect_once() == {"workers": [], "active": []}
        environ = {**os.environ, "SLEEPER_BROKER": url, "PYTHONPATH": str(CHECKOUT)}
        worker = Component(tmp_path, "worker", (*WORKER, "--hostname", "one@host"), environ)
        try:
            sent = Celery(broker=url, set_as_current=False)
            ids = [sent.send_task("airflow.sleep", [600, "x" * 5000]).id for _ in range(3)]
            until(lambda: len(asker.inspect_once().get("active", ())) == 2, worker)
            told = asker.inspect_once()
            assert told["workers"] == [("one@host", 2, ("celery",))]
            assert set(told["active"]) < set(ids)
        finally:
            worker.kill()
