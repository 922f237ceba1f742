"""LocalExecutor goes on when one of its idle workers is killed.

The workers take tasks from one pipe. The worker that waits for the next task holds the lock of the pipe's reading end,
a semaphore. If it is killed, for example for lack of memory, the semaphore stays locked, and no other worker ever gets
a task again. This fix uses a lock of the kernel's, which ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "killed-local-worker"


class ProcessLock:
    """A lock between a process and those that it forks: a POSIX record lock on a file in memory."""

    def __init__(self) -> None:
        self._file = open(os.memfd_create("astro-runtime-lock"), "r+b", buffering=0)  # noqa: SIM115

    def acquire(self, block: bool = True) -> bool:
        """Return whether the lock was acquired."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if block else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Release the lock."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def replace_locks(executor: Any) -> None:
    """Replace the locks that workers take, before the first of them is forked."""
    if not executor.workers:
        executor.activity_queue._rlock = ProcessLock()
        executor.result_queue._wlock = ProcessLock()


def use_process_locks(spawn: Callable[..., None]) -> Callable[..., None]:
    """Wrap `LocalExecutor._spawn_workers_with_gc_freeze`, which is called only where workers are forked."""

    @wraps(spawn)
    def replace_and_spawn(executor: Any, spawn_number: int) -> None:
        attempt(ID, None, replace_locks, executor)
        spawn(executor, spawn_number)

    return replace_and_spawn


FIX = Fix(
    id=ID,
    title="LocalExecutor goes on running tasks after one of its idle workers was killed",
    symptom="No task runs any more after `kill -9`, or the kernel, has ended an idle worker of LocalExecutor.",
    issue="",
    ends="LocalExecutor's workers do not wait for a task with a lock that outlives them.",
    patches=(
        Patch(
            "airflow.executors.local_executor",
            "LocalExecutor._spawn_workers_with_gc_freeze",
            ("79d6da66cfc8b325",),
            use_process_locks,
            ("3.3",),
        ),
    ),
)
