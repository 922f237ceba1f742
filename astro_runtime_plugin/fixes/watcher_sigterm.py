"""A scheduler with KubernetesExecutor stops at once instead of after 20 seconds.

The executor's watcher is forked from the scheduler after that has installed its signal handlers. In the child they
ignore SIGTERM, with which the executor ends its watchers: it waits for 20 seconds, and kills them.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "watcher-sigterm"


def end_by_sigterm(run: Callable[..., None]) -> Callable[..., None]:
    """Wrap `KubernetesJobWatcher.run`, which is all that the process of a watcher does."""

    @wraps(run)
    def run_until_sigterm(watcher: Any) -> None:
        attempt(ID, None, signal.signal, signal.SIGTERM, signal.SIG_DFL)
        run(watcher)

    return run_until_sigterm


FIX = Fix(
    id=ID,
    title="A scheduler with KubernetesExecutor stops at once",
    symptom="A scheduler with KubernetesExecutor takes 20 seconds to stop.",
    issue="",
    ends="The watcher of KubernetesExecutor ends by SIGTERM.",
    patches=(
        Patch(
            "airflow.providers.cncf.kubernetes.executors.kubernetes_executor_utils",
            "KubernetesJobWatcher.run",
            ("a8e76b825cc1220a",),
            end_by_sigterm,
            ("3.3",),
        ),
    ),
)
