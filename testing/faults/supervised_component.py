"""A component of Airflow that is started again when it has ended, as a container's restart policy does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT
from testing.waiting import wait_until

PAUSE_SECONDS = 2.0
GRACE_SECONDS = 600.0  # between SIGTERM and SIGKILL, as long as compose.yaml gives a worker


class SupervisedComponent:
    """A command that runs until `close`; its output, over all starts, is in `home`/`name`.log."""

    def __init__(self, home: Path, name: str, words: Sequence[str], environ: Mapping[str, str]) -> None:
        self.name, self.path = name, home / f"{name}.log"
        self.starts = 0
        self._words, self._environ, self._folder = list(words), dict(environ), CHECKOUT
        self._closing = threading.Event()
        self._lock = threading.RLock()
        self._start()
        threading.Thread(target=self._supervise, daemon=True).start()

    @property
    def log(self) -> str:
        """Return what it has written."""
        return self.path.read_text(errors="replace")

    @property
    def latest_log(self) -> str:
        """Return what it has written since its last start."""
        return self.path.read_bytes()[self._log_size :].decode(errors="replace")

    def family(self) -> list[psutil.Process]:
        """Return its process and all of the children: what a container is."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._process.pid)
            return [process, *process.children(recursive=True)]
        return []

    def kill(self) -> set[int]:
        """Kill all of its processes at once, as when its container is killed; it starts again. Return their ids."""
        with self._lock:
            killed = kill_family(self.family)
            self._process.wait(60)
        return killed

    def terminate(self) -> None:
        """Send SIGTERM to its process, and kill what is left after the grace period; it starts again."""
        family = self.family()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        _signal(family, signal.SIGKILL)

    def restart(self) -> None:
        """Terminate it, and return when it has been started again."""
        starts = self.starts
        self.terminate()
        wait_until(lambda: self.starts > starts)

    def freeze(self, seconds: float) -> None:
        """Stop all of its processes for a while, as when its container is paused."""
        family = self.family()
        _signal(family, signal.SIGSTOP)
        time.sleep(seconds)
        _signal(family, signal.SIGCONT)

    def upgrade(self, environ: Mapping[str, str], folder: Path) -> None:
        """Let its next starts be in another folder, with these variables changed."""
        self._environ, self._folder = {**self._environ, **environ}, folder

    def end(self) -> None:
        """Terminate it for good."""
        self._closing.set()
        self.terminate()

    def close(self) -> None:
        """Kill it for good."""
        self._closing.set()
        self.kill()

    def _start(self) -> None:
        with open(self.path, "ab") as log:
            self._log_size = log.tell()
            self._process = subprocess.Popen(
                self._words,
                env=self._environ,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1

    def _supervise(self) -> None:
        while True:
            self._process.wait()
            if self._closing.wait(PAUSE_SECONDS):
                return
            with self._lock:
                if not self._closing.is_set():
                    self._start()


def kill_family(family: Callable[[], Sequence[psutil.Process]]) -> set[int]:
    """Kill processes, and what they start meanwhile; return the ids of all of them.

    They are stopped first, so that none can fork or report in the time between the look and the kill.
    """
    stopped: set[int] = set()
    while new := [process for process in family() if process.pid not in stopped]:
        _signal(new, signal.SIGSTOP)
        stopped |= {process.pid for process in new}
    _signal(family(), signal.SIGKILL)
    return stopped


def _signal(family: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in family:
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            os.kill(process.pid, number)
