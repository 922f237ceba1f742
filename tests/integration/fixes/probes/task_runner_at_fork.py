"""What a scheduler has imported when LocalExecutor forks the first process for its tasks, with one fix alone."""

from __future__ import annotations

import os
import sys

sys.argv = ["airflow", "scheduler"]  # as Airflow's start finds it
if os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] != "none":
    os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] = "needless-task-runner"

from airflow.executors.local_executor import LocalExecutor  # noqa: E402

from testing.proof import report  # noqa: E402

TASK_RUNNER = "airflow.sdk.execution_time.task_runner"
imported: list[bool] = []
os.register_at_fork(before=lambda: imported.append(TASK_RUNNER in sys.modules))
executor = LocalExecutor(parallelism=1)
executor.start()
executor.end()
report(imported[0])
