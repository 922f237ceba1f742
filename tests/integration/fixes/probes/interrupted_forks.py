"""Stops a scheduler while its LocalExecutor starts processes, and reports their exit codes: None without an end.

In the scene `noted` the signal comes when a process has been started, and the executor has not noted it yet; in
`set up` each process gets it, too, before it knows that it is not the scheduler.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.popen_fork import Popen
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from airflow.executors.local_executor import LocalExecutor
from airflow.jobs.scheduler_job_runner import _is_parent_process

from testing.proof import report_scenes
from testing.signal_repetition import wait_for_repetition

STOCK_SECONDS = 3.0  # in which a process that nobody tells to end does not
Process: Any = BaseProcess
start, bootstrap = Process.start, Process._bootstrap


def exit_gracefully(_signal: int, _frame: FrameType | None) -> None:
    """Do what the scheduler's handler does."""
    if _is_parent_process():
        sys.exit(0)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def run_executor() -> list[int | None]:
    """Start and end an executor, as a scheduler does that is stopped at its start."""
    processes: list[Popen] = []

    def start_and_keep(process: Any) -> None:
        start(process)
        processes.append(process._popen)
        if len(processes) == 1:
            stop()

    Process.start = start_and_keep
    signal.signal(signal.SIGTERM, exit_gracefully)
    executor: Any = LocalExecutor(parallelism=2)
    with suppress(SystemExit):
        executor.start()
        wait_for_repetition()
    executor.end()
    codes = [process.wait(STOCK_SECONDS) for process in processes]
    for process in processes:
        process.kill()
    return codes


def stop_set_up() -> list[int | None]:
    """Send each process the signal, as a signal to the whole group does."""

    def stop_and_set_up(process: Any, *arguments: Any, **options: Any) -> Any:
        stop()
        return bootstrap(process, *arguments, **options)

    Process._bootstrap = stop_and_set_up
    return run_executor()


SCENES: dict[str, Callable[[], list[int | None]]] = {"noted": run_executor, "set up": stop_set_up}
report_scenes(SCENES, sys.argv[1:])
