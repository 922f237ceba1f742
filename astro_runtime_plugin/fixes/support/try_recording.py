"""A worker of LocalExecutor records which try it supervises, so that the scheduler knows if it finds it dead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from multiprocessing import parent_process
from typing import Any

from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.last_words import ID


def record_try(run: Callable[..., int]) -> Callable[..., int]:
    """Wrap `BaseExecutor.run_workload`, in which a worker of LocalExecutor supervises a task."""

    @wraps(run)
    def record_and_run(workload: Any, **options: Any) -> int:
        if parent_process() is None:  # nobody is there who would find this process dead
            return run(workload, **options)
        removal: AbstractContextManager[None] = attempt(ID, nullcontext(), _record, workload)
        with removal:
            return run(workload, **options)

    return record_and_run


def _record(workload: Any) -> AbstractContextManager[None]:
    """Write the record; return what removes it."""
    from airflow.configuration import conf

    from astro_runtime_plugin.fixes.support.memory_kills import count_kills
    from astro_runtime_plugin.fixes.support.running_tries import RunningTry, cleanup, record
    from astro_runtime_plugin.task_logs.stdout import identity_of

    if workload.type != "ExecuteTask" or not workload.log_path:
        return nullcontext()
    running = RunningTry(identity=identity_of(workload.ti), path=workload.log_path, kills=count_kills())
    return cleanup(record(conf.get("logging", "base_log_folder"), running))
