"""Task logs in a test: a folder of logs with its shipper, processes that write logs, and what the store has of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from astro_runtime_plugin.task_logs.reading import reader
from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.shipping.leftovers import MIN_AGE_SECONDS
from astro_runtime_plugin.task_logs.shipping.records import Status
from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.shipping.writer import SHIPPER, LogWriter
from astro_runtime_plugin.task_logs.stores.store import LogStore, StoreError
from entrypoint.child_command import child_command
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.waiting import wait_until

WRITER = "testing.task_log_writer"


@dataclass
class Machine:
    """A machine with a log folder of its own; `environ` is how it finds the store at `url`."""

    home: Path
    url: str
    environ: Mapping[str, str] = field(default_factory=dict)
    conn_id: str = ""

    def __post_init__(self) -> None:
        self.logs = self.home / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.settings = TaskLogSettings(url=self.url, conn_id=self.conn_id)
        self.spool = Spool(self.logs)
        self.writer = LogWriter(self.settings, self.logs)

    @property
    def environment(self) -> dict[str, str]:
        return isolated_environment(self.home, **self.environ)

    def file(self, path: str) -> Path:
        file = self.logs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def write(self, path: str, *words: str) -> subprocess.Popen[str]:
        """Start a process that registers a log and writes lines into it, and does what the words say."""
        self.file(path)
        command = [sys.executable, "-m", WRITER, str(self.logs), self.url, self.conn_id, path, *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=self.environment, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True
        )

    def ship(
        self, *words: str, module: str = SHIPPER, environ: Mapping[str, str] | None = None
    ) -> ShipperProcess:
        """Start a shipper in the foreground, and wait until it, or another one, holds the lock."""
        arguments = [str(self.logs), self.url, self.conn_id, *words]
        environment = {**self.environment, **(environ or {})}
        command = child_command(module, *arguments, environ={"PYTHONPATH": str(CHECKOUT)})
        with open(self.home / "shipper.err", "ab") as error:
            process = subprocess.Popen(command, env=environment, cwd=CHECKOUT, stderr=error)
        wait_until(lambda: process.poll() is not None or self._has_shipper(), pause=0.05)
        return ShipperProcess(process)

    def _has_shipper(self) -> bool:
        with suppress(FileNotFoundError):
            lock = self.spool.lock_shipper()
            if lock is None:
                return True
            os.close(lock)
        return False

    def shippers(self) -> list[psutil.Process]:
        """Return the shippers of this machine."""
        words = {SHIPPER, str(self.logs)}
        processes = psutil.process_iter(["cmdline"])
        return [process for process in processes if words <= set(process.info["cmdline"] or [])]

    def kill_shippers(self) -> None:
        for process in self.shippers():
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(300)

    def wait_shipped(self, seconds: float = 300) -> None:
        """Wait until all logs of this machine are in the store, as whole objects."""
        wait_until(lambda: not self.spool.entries(), lambda: f"left: {self.spool.entries()}", seconds=seconds)

    def lose(self) -> None:
        """Lose the machine with its disk; its writers have been killed."""
        self.kill_shippers()
        shutil.rmtree(self.home)

    def delete_leftovers(self) -> None:
        """Let the time pass after which chunks go that were left behind, and wait until they have."""
        self.kill_shippers()
        for note in self.spool.leftovers():
            self.spool.save_leftover(note.model_copy(update={"since": note.since - MIN_AGE_SECONDS}))

        def are_gone() -> bool:
            self.writer.sweep()
            return not self.spool.leftovers()

        wait_until(are_gone, lambda: f"left: {self.spool.leftovers()}")

    @property
    def status(self) -> Status:
        return self.spool.status() or Status()

    def problems(self) -> str:
        return (self.home / "shipper.err").read_text()


class ShipperProcess:
    """A shipper in the foreground."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(300)


@contextmanager
def machine(
    home: Path, url: str, environ: Mapping[str, str] | None = None, conn_id: str = ""
) -> Iterator[Machine]:
    """Yield a machine; its shippers end with the block."""
    created = Machine(home, url, environ or {}, conn_id)
    try:
        yield created
    finally:
        created.kill_shippers()


def stored(store: LogStore, path: str) -> bytes:
    """Return the log in the store. Raises AssertionError for a gap."""
    blocks = []
    for segment, data in reader.read(store, path):
        assert data, f"{segment} is missing"
        blocks.append(data)
    return b"".join(blocks)


def stored_or_nothing(store: LogStore, path: str) -> bytes:
    """Return the log in the store, or nothing while the store is away."""
    with suppress(StoreError):
        return stored(store, path)
    return b""


def until_stored(store: LogStore, path: str, condition: Callable[[bytes], object]) -> None:
    """Wait until the log in the store is as it should be."""
    wait_until(lambda: condition(stored_or_nothing(store, path)))


def keys(store: LogStore) -> list[str]:
    """Return the keys of all objects."""
    return sorted(found.key for found in store.list(""))
