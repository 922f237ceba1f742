"""What the process that writes a task's log does with it: it registers the file, and starts the shipper.

Nothing here raises: a failure leaves the task running with its local log, with one warning.
"""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings
from astro_runtime_plugin.task_logs.shipping.spool import FOLDER, Spool, TaskIdentity
from entrypoint.child_command import child_command

log = logging.getLogger("astro_runtime")

SHIPPER = "astro_runtime_plugin.task_logs.shipping.shipper"
CHECK_SECONDS = 1.0  # between two looks at whether the shipper runs
START_SECONDS = 3.0  # which the shipper may take until it holds its lock
POLL_SECONDS = 0.05
# The shell ends at once, so that the shipper is a child of nobody who waits for children, and outlives its session.
# Of the writer's descriptors it gets stderr alone.
DETACH = ["/bin/sh", "-c", '"$@" </dev/null >&2 &', "sh"]


class LogWriter:
    """The logs that this process writes below `log_folder`."""

    def __init__(self, settings: TaskLogSettings, log_folder: str | Path) -> None:
        self.settings = settings
        self.spool = Spool(log_folder)
        # What the shipper gets besides this process's variables, such as AIRFLOW_CONN_….
        self.shipper_environ: dict[str, str] = {}
        self._checked = float("-inf")
        self._warned = False
        self._unregistered: dict[str, TaskIdentity | None] = {}  # for want of room on the disk, for example

    def begin(self, path: str, identity: TaskIdentity | None = None, pid: int = 0) -> None:
        """Have the log at `path`, relative to the log folder, shipped while this process, or `pid`, writes it."""

        def register() -> None:
            self._unregistered[path] = identity
            self.spool.register(path, identity, pid)
            del self._unregistered[path]
            self._start_shipper()

        if self.settings.has_store:
            self._attempt(register)

    def end(self, path: str, wait_seconds: float = 0.0, pid: int = 0) -> bool:
        """Have the rest of a log shipped; return whether all of it is in the store within `wait_seconds`."""

        def finish() -> bool:
            if path in self._unregistered:
                self.spool.register(path, self._unregistered[path], pid)
                del self._unregistered[path]
            self.spool.end(path, pid)
            self._start_shipper()
            deadline = time.monotonic() + wait_seconds
            while (is_left := self.spool.entry(path) is not None) and time.monotonic() < deadline:
                self.ensure_shipper()
                time.sleep(POLL_SECONDS)
            return not is_left

        return self.settings.has_store and bool(self._attempt(finish))

    def ensure_shipper(self) -> None:
        """Start the shipper if none runs; cheap enough to be called for every line."""
        if time.monotonic() - self._checked >= CHECK_SECONDS:
            self._attempt(self._start_shipper)

    def sweep(self) -> None:
        """Start the shipper if a process left something behind; for a component's start."""

        def start() -> None:
            if any((self.spool.log_folder / FOLDER).glob("*/*.entry.json")):
                self.spool.folder.mkdir(parents=True, exist_ok=True)
                self._start_shipper()

        self._attempt(start)

    def _start_shipper(self) -> None:
        self._checked = time.monotonic()
        lock = self.spool.lock_shipper() if self.settings.has_store else None
        if lock is None:
            return
        os.close(lock)
        if not self.spool.claim_start(START_SECONDS):
            return
        environ = {**os.environ, **self.shipper_environ}
        words = [str(self.spool.log_folder), self.settings.url, self.settings.conn_id]
        command = [*DETACH, *child_command(SHIPPER, *words, environ=environ)]
        subprocess.run(command, env=environ, cwd="/", start_new_session=True, check=True, timeout=10)

    def _attempt(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except Exception as error:
            if not self._warned:
                self._warned = True
                log.warning("astro-runtime: a task's log stays local: %s", _reason(error))
        return None


def from_conf(conf: Any) -> LogWriter:
    """Return the writer that Airflow's `conf` describes."""
    return LogWriter(read_settings(conf), conf.get("logging", "base_log_folder"))


def _reason(error: Exception) -> str:
    return f"{type(error).__name__} {error}" if isinstance(error, OSError) else type(error).__name__
