"""Whether a scheduler has imported libcst when LocalExecutor forks the first process for its tasks."""

from __future__ import annotations

import os
import sys

sys.argv = ["airflow", "scheduler"]  # as Airflow's start finds it

import airflow.sdk.definitions._internal.decorators  # noqa: E402, F401
from airflow.executors.local_executor import LocalExecutor  # noqa: E402

from testing.proof import report  # noqa: E402

imported: list[bool] = []
os.register_at_fork(before=lambda: imported.append("libcst" in sys.modules))
executor = LocalExecutor(parallelism=1)
executor.start()
executor.end()
report(imported[0])
