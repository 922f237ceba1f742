"""Whether a scheduler has imported a module when LocalExecutor forks the first process for its tasks.

`module_at_fork MODULE`, with all fixes or none; `module_at_fork MODULE FIX`, with one fix alone or none.
"""

from __future__ import annotations

import os
import sys

MODULE, *FIX = sys.argv[1:]
sys.argv = ["airflow", "scheduler"]  # as Airflow's start finds it
if FIX and os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] != "none":
    os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] = FIX[0]

from airflow.executors.local_executor import LocalExecutor  # noqa: E402

from testing.proof import report  # noqa: E402

imported: list[bool] = []
os.register_at_fork(before=lambda: imported.append(MODULE in sys.modules))
executor = LocalExecutor(parallelism=1)
executor.start()
executor.end()
report(imported[0])
