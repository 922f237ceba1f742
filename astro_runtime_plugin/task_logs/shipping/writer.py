"""What the process that writes a task's log does with it: it registers the file, and starts the shipper.

Nothing here raises: a failure leaves the task running with its local log, with one warning.
"""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from astro_runtime_plugin.task_logs.settings import TaskLogSettings, read_settings
from astro_runtime_plugin.task_logs.shipping.entry_lock import LockHeldError
from astro_runtime_plugin.task_logs.shipping.leftovers import due_leftovers
from astro_runtime_plugin.task_logs.shipping.records import Target, TaskIdentity
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from entrypoint.child_command import child_command

log = logging.getLogger("astro_runtime")

SHIPPER = "astro_runtime_plugin.task_logs.shipping.shipper"
CHECK_SECONDS = 1.0  # between two looks at whether the shipper runs
START_SECONDS = 3.0  # which the shipper may take until it holds its lock
POLL_SECONDS = 0.05
# The shell ends at once, so that the shipper is a child of nobody who waits for children, and outlives its session.
# Of the writer's descriptors it gets stderr alone.
DETACH = ["/bin/sh", "-c", '"$@" </dev/null >&2 &', "sh"]


class PendingEntry(NamedTuple):
    """A log of which the spool does not know what it should, for want of room on the disk, for example."""

    identity: TaskIdentity | None
    pid: int
    has_ended: bool = False


class LogWriter:
    """The logs that this process writes below `log_folder`."""

    def __init__(self, settings: TaskLogSettings, log_folder: str | Path) -> None:
        self.settings = settings
        self.spool = Spool(log_folder)
        # What the shipper gets besides this process's variables, such as AIRFLOW_CONN_….
        self.shipper_environ: dict[str, str] = {}
        self._checked = float("-inf")
        self._warned = False
        self._pending: dict[str, PendingEntry] = {}

    def begin(
        self, path: str, identity: TaskIdentity | None = None, pid: int = 0, descriptor: int | None = None
    ) -> None:
        """Have the log at `path`, relative to the log folder, shipped while this process, or `pid`, writes it.

        `descriptor` is that of the open file, which may have been deleted since it was opened.
        """
        if not self.settings.has_store:
            return
        self._pending[path] = PendingEntry(identity, pid or os.getpid())
        self._attempt(self._catch_up)
        if self.settings.delete_local and descriptor is not None:
            file = self.spool.log_file(path)
            self._attempt(lambda: reopen_deleted(file, descriptor))

    def end(self, path: str, wait_seconds: float = 0.0, pid: int = 0) -> bool:
        """Have the rest of a log shipped; return whether all of it is in the store within `wait_seconds`."""

        def finish() -> bool:
            deadline = time.monotonic() + wait_seconds
            try:
                self._end(path, pid or os.getpid())
                self._catch_up()
            except TimeoutError:  # of the lock: it is tried again while there is time
                if not wait_seconds:
                    raise
            while (is_left := self._is_left(path)) and time.monotonic() < deadline:
                self.ensure_shipper()
                time.sleep(POLL_SECONDS)
            return not is_left

        return self.settings.has_store and bool(self._attempt(finish))

    def flush(self, seconds: float) -> bool:
        """End what this process writes; return whether the store has all ended logs of this machine within `seconds`.

        For the last process of a container, which nobody outlives to send the rest.
        """

        def wait() -> bool:
            deadline = time.monotonic() + seconds
            while (is_left := not self._has_flushed()) and time.monotonic() < deadline:
                self.ensure_shipper()
                time.sleep(POLL_SECONDS)
            return not is_left

        return self.settings.has_store and bool(self._attempt(wait))

    def ensure_shipper(self) -> None:
        """Start the shipper if none runs; cheap enough to be called for every line."""
        if time.monotonic() - self._checked >= CHECK_SECONDS:
            self._attempt(self._catch_up)

    def aim(self) -> None:
        """Have what is on this machine go where this process's settings say; for a component's start."""
        target = Target.model_validate(self.settings, from_attributes=True)
        self._attempt(lambda: self.spool.save_target(target))

    def sweep(self) -> None:
        """Start the shipper if a process left something behind, and none runs."""

        def start() -> None:
            spools, now = (self.spool, *self.spool.others()), time.time()
            if any(spool.has_entries() or due_leftovers(spool, now) for spool in spools):
                self.spool.folder.mkdir(parents=True, exist_ok=True)
                self._start_shipper()

        self._attempt(start)

    def _is_left(self, path: str) -> bool:
        return path in self._pending or self.spool.entry(path) is not None

    def _has_flushed(self) -> bool:
        """End what this process writes; return whether the store has all that has ended."""
        try:
            for entry in self.spool.entries():
                if any(writer.pid == os.getpid() for writer in entry.writers):
                    self.spool.end(entry.path)
        except TimeoutError:  # of the lock
            return False
        return not self.spool.ended_entries()

    def _end(self, path: str, pid: int) -> None:
        late = self._pending.get(path)
        if late:
            self._pending[path] = late._replace(has_ended=True)
            return
        try:
            self.spool.end(path, pid)
        except OSError:
            self._pending[path] = PendingEntry(None, pid, has_ended=True)
            raise

    def _catch_up(self) -> None:
        """Register what is not yet, and start the shipper if none runs."""
        self._checked = time.monotonic()
        for path, log_file in [*self._pending.items()]:
            try:
                self.spool.register(path, log_file.identity, log_file.pid)
                if log_file.has_ended:
                    self.spool.end(path, log_file.pid)
            except ValueError:  # the path is none that can be shipped
                self._pending.pop(path, None)
                raise
            self._pending.pop(path, None)
        self._start_shipper()

    def _start_shipper(self) -> None:
        lock = self.spool.lock_shipper() if self.settings.has_store else None
        if lock is None:
            return
        self.spool.release_shipper(lock)
        if not self.spool.claim_start(START_SECONDS):
            return
        environ = {**os.environ, **self.shipper_environ}
        delete_local = "delete" if self.settings.delete_local else ""
        words = [str(self.spool.log_folder), self.settings.url, self.settings.conn_id, delete_local]
        command = [*DETACH, *child_command(SHIPPER, *words, environ=environ)]
        subprocess.run(command, env=environ, cwd="/", start_new_session=True, check=True, timeout=10)

    def _attempt(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except LockHeldError:
            pass  # a signal's handler logs; the next line makes up for it
        except Exception as error:
            if not self._warned:
                self._warned = True
                log.warning("astro-runtime: a task's log stays local: %s", _reason(error))
        return None


def from_conf(conf: Any) -> LogWriter:
    """Return the writer that Airflow's `conf` describes."""
    return LogWriter(read_settings(conf), conf.get("logging", "base_log_folder"))


def reopen_deleted(file: Path, descriptor: int) -> None:
    """Have a descriptor that appends to a log go on in a new file, if its file was deleted. Raises OSError."""
    opened = os.fstat(descriptor)
    with suppress(FileNotFoundError):
        if os.path.samestat(opened, os.stat(file)):
            return
    mode = stat.S_IMODE(opened.st_mode)
    replacement = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        os.dup2(replacement, descriptor, inheritable=os.get_inheritable(descriptor))
    finally:
        os.close(replacement)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__} {error}" if isinstance(error, OSError) else type(error).__name__
