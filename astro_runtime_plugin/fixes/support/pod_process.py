"""Tells whether this process is the one of a task's Kubernetes pod on Airflow 3."""

from __future__ import annotations

import sys
from functools import cache

EXECUTE_WORKLOAD = "airflow.sdk.execution_time.execute_workload"


@cache
def runs_one_task() -> bool:
    """Whether KubernetesExecutor's command for a pod started this process; its fork, which runs the task, says so, too.

    While `python -m` looks for the module, `sys.argv` does not have its name yet.
    """
    words = sys.orig_argv[1:]
    return "-m" in words and words[words.index("-m") + 1 :][:1] == [EXECUTE_WORKLOAD]
