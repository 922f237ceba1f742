"""Components as child processes, none of whose descendants outlives `make run`."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

GRACE = 7  # seconds from SIGTERM to SIGKILL; a stop is to take less than ten
LAST_LINES = 15

# prctl(2)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class Component:
    """One component: its name, its process, and the file that takes its output."""

    def __init__(self, name: str, words: Sequence[str], environ: Mapping[str, str], logs: Path) -> None:
        """Start `words` through the entrypoint, in a session of its own: Ctrl-C is for us alone."""
        self.name = name
        self.log = logs / f"{name}.log"
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "entrypoint", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                start_new_session=True,
                preexec_fn=end_with_parent,  # safe: there is one thread only
            )

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    @property
    def ending(self) -> str:
        """How the process ended."""
        code = self.process.returncode
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    @property
    def last_lines(self) -> str:
        """The last lines of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])


def stop(components: Sequence[Component], at_once: Callable[[], bool]) -> None:
    """Ask the components to stop, wait GRACE seconds or until `at_once` says so, then kill all that is left.

    SIGTERM goes to the components alone: a task process that gets one too may be marked a success.
    """
    for component in components:
        component.process.terminate()
    deadline = time.monotonic() + GRACE
    while (
        any(component.running for component in components) and time.monotonic() < deadline and not at_once()
    ):
        time.sleep(0.1)
    while left := list(_descendants()):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(0.05)
    for component in components:
        component.process.wait()


def _descendants() -> Iterator[psutil.Process]:
    """Every process that descends from this one and has not ended."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                yield process


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none gets out of sight (Linux only)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Have this process told to stop when its parent is killed (Linux only)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)
