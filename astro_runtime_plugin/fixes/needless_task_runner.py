"""An airflow command and a scheduler do not import what runs tasks, unless they use that.

Airflow masks each of its own secrets when it starts. For that it imports the task runner, with all that tasks need, to
look for a supervisor that should mask the secret as well. A process that has not imported the task runner has none,
because Airflow keeps it there. Here such a process masks the secret and imports nothing. A component whose forks are
tasks imports the task runner as before, because each of them would import it. Of the schedulers that is the one with
LocalExecutor, and it does so just before it forks, after its first heartbeat.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from importlib import import_module
from typing import Any

from astro_runtime_plugin.component import SCHEDULER, from_subcommand
from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "needless-task-runner"
TASK_RUNNER = "airflow.sdk.execution_time.task_runner"


def mask_here(mask: Callable[..., None]) -> Callable[..., None]:
    """Wrap `mask_secret`."""

    @wraps(mask)
    def mask_secret(secret: Any, name: str | None = None) -> None:
        if not attempt(ID, False, mask_without_supervisor, mask, secret, name):
            mask(secret, name)

    return mask_secret


def mask_here_async(mask: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Wrap `amask_secret`."""

    @wraps(mask)
    async def amask_secret(secret: Any, name: str | None = None) -> None:
        if not attempt(ID, False, mask_without_supervisor, mask, secret, name):
            await mask(secret, name)

    return amask_secret


def mask_without_supervisor(mask: Any, secret: Any, name: str | None) -> bool:
    """Mask a secret as the first half of Airflow's function does; return False where the second half is needed."""
    if TASK_RUNNER in sys.modules or from_subcommand(sys.argv[1:]) not in (None, SCHEDULER):
        return False
    mask.__globals__["_secrets_masker"]().add_mask(secret, name)
    return True


def import_before_start(start: Callable[[Any], None]) -> Callable[[Any], None]:
    """Wrap `LocalExecutor.start`, which forks the processes that run tasks."""

    @wraps(start)
    def start_with_task_runner(executor: Any) -> None:
        if multiprocessing.get_start_method() == "fork":
            attempt(ID, None, import_module, TASK_RUNNER)
        start(executor)

    return start_with_task_runner


FIX = Fix(
    id=ID,
    title="An airflow command and a scheduler do not import the code that runs tasks, unless they run some",
    symptom="`airflow version` takes about a second of processor time more than it needs, and a scheduler's first"
    " heartbeat comes later.",
    issue="",
    ends="Airflow masks a secret without importing the task runner.",
    patches=(
        Patch("airflow.sdk.log", "mask_secret", ("21315a7a949d5525",), mask_here, ("3.3",)),
        Patch("airflow.sdk.log", "amask_secret", ("4ed96ad250857f17",), mask_here_async, ("3.3",)),
        Patch(
            "airflow.executors.local_executor",
            "LocalExecutor.start",
            ("400f4a5e2ddde736",),
            import_before_start,
            ("3.3",),
        ),
    ),
)
