"""The answers of real workers with real tasks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import Celery

from astro_runtime_plugin.parallelism.worker_inspector import WorkerInspector
from testing.celery_cluster import Component, wait_while_running
from testing.entrypoint_process import CHECKOUT
from testing.servers import redis
from testing.waiting import wait_until

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


def test_inspector_returns_ids_of_running_tasks_only(tmp_path: Path) -> None:
    with redis() as url:
        inspector = WorkerInspector({"broker_url": url})
        answers: list[dict[str, Any]] = []

        def answer(is_expected: Callable[[dict[str, Any]], bool]) -> bool:
            answers.append(inspector.inspect_once())
            return is_expected(answers[-1])

        wait_until(lambda: answer(lambda latest: "error" not in latest))  # a broker that is too slow
        assert answers[-1] == {"workers": [], "active": []}
        environ = {**os.environ, "SLEEPER_BROKER": url, "PYTHONPATH": str(CHECKOUT)}
        worker = Component(tmp_path, "worker", (*WORKER, "--hostname", "worker@host"), environ)
        try:
            sender = Celery(broker=url, set_as_current=False)
            ids = [sender.send_task("airflow.sleep", [600, "x" * 5000]).id for _ in range(3)]
            wait_while_running(lambda: answer(lambda latest: len(latest.get("active", ())) == 2), worker)
            assert answers[-1]["workers"] == [("worker@host", 2, ("celery",))]
            assert set(answers[-1]["active"]) < set(ids)
        finally:
            worker.kill()
