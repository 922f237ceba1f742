"""Which try each worker of LocalExecutor supervises: a file for each, for the scheduler that finds it dead."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity
from astro_runtime_plugin.task_logs.shipping.spool import process_start

FOLDER = Path(".astro-runtime", "running")  # below Airflow's log folder, which several machines may share


class RunningTry(BaseModel):
    """A try, the path of its log, and the kernel's count of processes killed for lack of memory at its begin."""

    identity: TaskIdentity
    path: str
    kills: int | None = None
    executor: float | None = None  # when the worker's parent started: process ids come again


def start_second(pid: int) -> float | None:
    """Return when a process started, in whole seconds since the epoch."""
    start = process_start(pid)
    return None if start is None else round(start)


def record_file(log_folder: str, pid: int) -> Path:
    """Return the file of a worker."""
    return Path(log_folder) / FOLDER / f"{socket.gethostname()}.{pid}.json"


def record(log_folder: str, running: RunningTry) -> Path:
    """Write which try this process supervises; return the file. Raises OSError."""
    file = record_file(log_folder, os.getpid())
    file.parent.mkdir(parents=True, exist_ok=True)
    running.executor = start_second(os.getppid())
    file.write_text(running.model_dump_json())
    return file


@contextmanager
def cleanup(file: Path) -> Iterator[None]:
    """Remove a file at the end of the block."""
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def take(log_folder: str, pid: int) -> RunningTry | None:
    """Return what a worker of this process, which has died, supervised; None if it was idle. Its file goes."""
    file = record_file(log_folder, pid)
    with suppress(OSError, ValidationError):
        try:
            running = RunningTry.model_validate_json(file.read_bytes())
        finally:
            file.unlink()
        return running if running.executor == start_second(os.getpid()) else None
    return None
