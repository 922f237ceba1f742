"""Starts a watcher of KubernetesExecutor's as a scheduler does; reports whether SIGTERM ends it."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.providers.cncf.kubernetes.executors import kubernetes_executor_utils

from testing.proof import SELECTION, STOCK, report
from testing.scheduler_parts import create_scheduler

STOCK_SECONDS, SECONDS = 2.0, 60.0  # for which stock's watcher must live, in which the other must end
module: Any = kubernetes_executor_utils
watching, watches = os.pipe()


class Watcher(module.KubernetesJobWatcher):
    """Watches nothing, without end."""

    def _run(self, *_: Any) -> str:
        os.write(watches, b"\0")
        time.sleep(2 * SECONDS)
        return "0"


class NoExecutor:
    """What the scheduler needs of an executor here."""

    job_id = None


module._get_executor_kube_client = lambda **_: None
runner: SchedulerJobRunner = create_scheduler(NoExecutor())
runner.register_signals()
watcher: Any = Watcher("default", None, None, "1", None)
watcher.start()
assert os.read(watching, 1)
watcher.terminate()
watcher.join(STOCK_SECONDS if os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK] else SECONDS)
report(watcher.exitcode == -signal.SIGTERM)
watcher.kill()
