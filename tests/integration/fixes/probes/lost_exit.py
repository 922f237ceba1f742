"""Tells a job to stop while Python runs a callback, whose exceptions it discards."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from types import FrameType

from airflow.jobs.job import Job, run_job

from testing.proof import report_scenes
from testing.signal_repetition import wait_for_repetition

AFTER_FORK = ("_releaseLock", "_afterFork")  # the callback of `logging` until Python 3.12, and since 3.13


class Leftover:
    """Refers to itself, so that only the garbage collector removes it."""

    def __init__(self) -> None:
        self.cycle = self


def stop(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def exit_gracefully(_signal: int, _frame: FrameType | None) -> None:
    """Do what Airflow's handlers do."""
    sys.exit(0)


def run(execute: Callable[[], None]) -> str:
    """Run a job that is told to stop while it executes, and return what became of it."""
    signal.signal(signal.SIGTERM, exit_gracefully)
    went_on: list[bool] = []

    def execute_and_wait() -> None:
        execute()
        wait_for_repetition()
        went_on.append(True)

    run_job(job=Job(), execute_callable=execute_and_wait)
    if went_on:
        return "went on"
    return "stopped" if is_logging_free() else "stopped, and other threads cannot log"


def is_logging_free() -> bool:
    """Whether another thread gets a logger of its own."""
    thread = threading.Thread(target=logging.getLogger, args=("another",), daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


def collect_leftover_of_the_start() -> str:
    """An object from before the job's start is about to be collected, if it ever is."""
    gc.disable()
    leftover = Leftover()
    collected: list[object] = []

    def stop_during_collection(reference: object) -> None:
        collected.append(reference)
        stop()

    reference = weakref.ref(leftover, stop_during_collection)
    del leftover

    def execute() -> None:
        gc.collect()
        if not collected:
            stop()

    outcome = run(execute)
    del reference
    return outcome


def delete_object() -> str:
    """An object that the job has created is deleted."""

    def execute() -> None:
        item = Leftover()
        del item.cycle
        reference = weakref.ref(item, stop)
        del item
        del reference

    return run(execute)


def fork() -> str:
    """The signal comes in a fork: Python handles it in the callback that is to release the lock of `logging`."""
    os.register_at_fork(before=stop_in_callback_of_logging)

    def execute() -> None:
        if os.fork() == 0:
            os._exit(0)
        os.wait()

    return run(execute)


def stop_in_callback_of_logging() -> None:
    """Send the signal when `logging` is to release its lock."""

    def trace(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name in AFTER_FORK:
            sys.settrace(None)
            stop()

    sys.settrace(trace)


SCENES = {"leftover": collect_leftover_of_the_start, "object": delete_object, "fork": fork}
report_scenes(SCENES, sys.argv[1:])
