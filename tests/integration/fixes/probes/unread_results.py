"""Ends a real LocalExecutor whose processes report more than a pipe takes.

Reports whether the executor has ended, and which states it has read.
"""

from __future__ import annotations

import os
import threading
from typing import Any, NoReturn

from airflow.executors import local_executor

from testing.proof import SELECTION, STOCK, report
from testing.queued_tasks import create_tasks, queue_tasks, take_states

STOCK_SECONDS = 3.0  # in which stock does not end
RESULT = "x" * 100_000  # more than the 64 kB of a pipe


def fail_task(*_: Any, **__: Any) -> NoReturn:
    """Stand for a task, in a process of LocalExecutor."""
    raise ValueError(RESULT)


base: Any = local_executor.BaseExecutor
base.run_workload = staticmethod(fail_task)
tasks = create_tasks(3)
executor: Any = local_executor.LocalExecutor(parallelism=2)
executor.job_id = tasks[0].queued_by_job_id
executor.start()
queue_tasks(executor, tasks)
executor.trigger_tasks(len(tasks))  # without a look at their results
processes = [*executor.workers.values()]
end = threading.Thread(target=executor.end, daemon=True)
end.start()
is_stock = os.environ["AIRFLOW__ASTRO_RUNTIME__FIXES"] == SELECTION[STOCK]
end.join(STOCK_SECONDS if is_stock else 300)
has_ended = not end.is_alive()
report({"ended": has_ended, "states": take_states(executor)})
for process in () if has_ended else processes:
    process.kill()
os._exit(0)
