"""Which log files of this machine are being written or not yet in the store: a small file for each.

The writers of a log keep its *entry*, the shipper keeps its *progress*; neither writes the other's file. A lock guards
what both do with an entry; nobody holds it for longer than that takes. Machines that share a log folder have a spool
each, named after the host.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from astro_runtime_plugin.task_logs.layout import check_path
from astro_runtime_plugin.task_logs.shipping.entry_lock import entry_lock
from astro_runtime_plugin.task_logs.shipping.records import (
    Entry,
    Leftover,
    Progress,
    Status,
    Target,
    TaskIdentity,
    Writer,
)

FOLDER = Path(".astro-runtime", "task-logs")  # below Airflow's log folder
ENTRY, PROGRESS, LEFTOVER = ".entry.json", ".progress.json", ".leftover.json"
START_TOLERANCE = 2.0  # seconds by which two readings of a process's start may differ
MAX_FILE_BYTES = 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)


class Spool:
    """The spool of one host in Airflow's log folder."""

    def __init__(self, log_folder: str | Path, host: str = "") -> None:
        self.log_folder = Path(log_folder)
        self.host = re.sub(r"[^\w.-]", "_", host or socket.gethostname())[:200].lstrip(".") or "host"
        self.folder = self.log_folder / FOLDER / self.host

    def register(self, path: str, identity: TaskIdentity | None = None, pid: int = 0) -> Entry:
        """Add this process, or `pid`, to the writers of a log. Raises ValueError for a path, and OSError."""
        check_path(path)
        writer = Writer(pid=pid or os.getpid(), started=process_start(pid or os.getpid()) or 0.0)
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.locked():
            entry = self.entry(path) or Entry(path=path)
            others = [
                other for other in entry.writers if other.pid != writer.pid and self.lives(entry, other)
            ]
            entry.writers = [*others, writer]
            entry.identity = identity or entry.identity
            entry.machine, entry.generation = machine(), uuid.uuid4().hex
            self._write(self._file(path, ENTRY), entry)
        return entry

    def end(self, path: str, pid: int = 0) -> None:
        """Remove this process, or `pid`, from the writers of a log; the log has ended when none is left."""
        with suppress(FileNotFoundError), self.locked():
            entry = self.entry(path)
            if entry:
                entry.writers = [writer for writer in entry.writers if writer.pid != (pid or os.getpid())]
                self._write(self._file(path, ENTRY), entry)

    def remove(self, entry: Entry, before: Callable[[], object] = lambda: None) -> bool:
        """Remove a log that is in the store completely; return False if it has a writer again.

        `before` is called first, and no writer can begin meanwhile. The log's progress stays, for a part of the try
        that continues the file.
        """
        with self.locked():
            current = self.entry(entry.path)
            if current and current.generation != entry.generation:
                return False
            before()
            self._file(entry.path, ENTRY).unlink(missing_ok=True)
        return True

    def prune(self, seconds: float) -> None:
        """Forget the progress of logs that are not in the spool and were not touched for so long."""
        for file in self.folder.glob(f"*{PROGRESS}"):
            entry = file.with_name(file.name.replace(PROGRESS, ENTRY))
            with suppress(FileNotFoundError):
                if not entry.exists() and time.time() - file.stat().st_mtime > seconds:
                    file.unlink()

    def entry(self, path: str) -> Entry | None:
        """Return the entry of a log, or None."""
        return _read(Entry, self._file(path, ENTRY))

    def entries(self) -> list[Entry]:
        """Return all entries; a file that is not one is left alone."""
        entries = (_read(Entry, file) for file in sorted(self.folder.glob(f"*{ENTRY}")))
        return [entry for entry in entries if entry and _is_path(entry.path)]

    def has_entries(self) -> bool:
        """Whether there is any entry."""
        return any(self.folder.glob(f"*{ENTRY}"))

    def has_ended(self, entry: Entry) -> bool:
        """Whether no process writes the log any more."""
        return not any(self.lives(entry, writer) for writer in entry.writers)

    def ended_entries(self) -> list[Entry]:
        """Return the entries of this machine whose logs have ended; what others have left behind may take long."""
        return [entry for entry in self.entries() if entry.machine == machine() and self.has_ended(entry)]

    def lives(self, entry: Entry, writer: Writer) -> bool:
        """Whether a writer is alive: the process with its id on this machine has the same start."""
        started = process_start(writer.pid) if entry.machine == machine() else None
        return started is not None and abs(started - writer.started) < START_TOLERANCE

    def progress(self, path: str) -> Progress | None:
        """Return what of a log has been shipped, or None if nothing is known."""
        return _read(Progress, self._file(path, PROGRESS))

    def save_progress(self, path: str, progress: Progress) -> None:
        """Keep what of a log has been shipped. Raises OSError."""
        self._write(self._file(path, PROGRESS), progress)

    def leftovers(self) -> list[Leftover]:
        """Return what is noted of chunks that stay below whole objects; a file that is no note is left alone."""
        notes = (_read(Leftover, file) for file in sorted(self.folder.glob(f"*{LEFTOVER}")))
        return [note for note in notes if note and _is_path(note.path)]

    def save_leftover(self, note: Leftover) -> None:
        """Keep a note of chunks, in place of an earlier one of the same log. Raises OSError."""
        self._write(self._file(note.path, LEFTOVER), note)

    def forget_leftover(self, note: Leftover) -> None:
        """Remove a note, unless there is a later one of the same log. Raises OSError."""
        file = self._file(note.path, LEFTOVER)
        if _read(Leftover, file) == note:
            file.unlink(missing_ok=True)

    def target(self) -> Target | None:
        """Return where the logs go; None if no component has said so, or somebody else has."""
        file = self.folder / "target.json"
        with suppress(OSError):
            return _read(Target, file) if file.stat().st_uid == os.geteuid() else None
        return None

    def save_target(self, target: Target) -> None:
        """Keep where the logs go. Raises OSError."""
        if self.target() != target:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(self.folder / "target.json", target)

    def status(self) -> Status | None:
        """Return what the shipper did last, or None if there was none."""
        return _read(Status, self.folder / "status.json")

    def save_status(self, status: Status) -> None:
        """Publish what the shipper is doing. Raises OSError."""
        self._write(self.folder / "status.json", status)

    def log_file(self, path: str) -> Path:
        """Return the file of a log."""
        return self.log_folder / path

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock of the entries. Raises LockHeldError and TimeoutError, as `entry_lock`."""
        return entry_lock(self.folder / "lock")

    def lock_shipper(self) -> int | None:
        """Return a descriptor that holds the shipper's lock while it is open, or None if a process holds it."""
        descriptor = os.open(self.folder / "shipper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o664)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def release_shipper(self, descriptor: int) -> None:
        """Release the shipper's lock, which a process forked meanwhile would keep if it were only closed."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def claim_start(self, seconds: float) -> bool:
        """Whether this process is to start the shipper: at most one is, within so many seconds."""
        mark = self.folder / "shipper.started"
        with self.locked():
            is_due = not mark.exists() or not 0 <= time.time() - mark.stat().st_mtime < seconds
            if is_due:
                mark.touch()
        return is_due

    def seems_abandoned(self, seconds: float) -> bool:
        """Whether another host's spool has entries, and no shipper has reported for so long."""
        status = self.status()
        times = [file.stat().st_mtime for file in self.folder.glob(f"*{ENTRY}")]
        return bool(times) and time.time() - max(*times, status.updated if status else 0.0, 0.0) > seconds

    def others(self) -> list[Spool]:
        """Return the spools of other hosts in this log folder."""
        hosts = (path.name for path in self.folder.parent.glob("*/"))
        return [Spool(self.log_folder, host) for host in hosts if host != self.host]

    def _file(self, path: str, kind: str) -> Path:
        name = hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()[:32]
        return self.folder / f"{name}{kind}"

    def _write(self, file: Path, value: BaseModel) -> None:
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        data = value.model_dump_json().encode()
        try:
            temporary.write_bytes(data)
            temporary.replace(file)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not _write_over(file, data):
                raise
        finally:
            temporary.unlink(missing_ok=True)


def process_start(pid: int) -> float | None:
    """Return when a process started, in seconds since the epoch, or None if it does not run."""
    import psutil  # type: ignore[import-untyped]

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.Error:
        return None


def machine() -> str:
    """Return what process ids belong to: the boot of the kernel, and the namespace, which is a container's."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


def _is_path(path: str) -> bool:
    with suppress(ValueError):
        return bool(check_path(path))
    return False


def _write_over(file: Path, data: bytes) -> bool:
    """Write over a file that has room for the data, on a disk that has none for another; return whether it has.

    Blanks fill the rest, so that a reader finds the old value or the new one.
    """
    with suppress(OSError), open(file, "r+b", buffering=0) as target:
        size = os.fstat(target.fileno()).st_size
        return len(data) <= size and target.write(data.ljust(size)) == size
    return False


def _read(model: type[Model], file: Path) -> Model | None:
    with suppress(OSError, ValidationError):
        if file.stat().st_size <= MAX_FILE_BYTES:
            return model.model_validate_json(file.read_bytes())
    return None
