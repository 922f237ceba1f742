"""Runs the real `make run` as a process, and looks for what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from dev.lines import HERE
from testing.entrypoint_process import CHECKOUT
from testing.installed_line import LINE
from testing.rest_api import API

START = 120  # seconds until it must be up, on a slow machine
STOP = 20  # seconds; a stop takes less than ten, and the machine may be busy


class Making:
    """A `make run` in a session of its own, as a terminal gives it one: `said` is all of its output so far."""

    def __init__(self, home: Path, port: int | str, stderr: int = subprocess.STDOUT) -> None:
        self.home, self.url = home, f"http://localhost:{port}/"
        # The tests run in this environment: make must not install it anew under them.
        here = [f"LINE={LINE}", f"BIN={Path(sys.executable).parent}"]
        words = ["make", "-o", ".venv/.installed", "-o", f".venv-{LINE}/.installed", *here, "run"]
        with tempfile.NamedTemporaryFile(prefix="make-run-", delete=False) as output:
            self._output = Path(output.name)
            self.process = subprocess.Popen(
                [*words, f"PORT={port}", f"AIRFLOW_HOME={home}"],
                env={
                    "PATH": "/usr/bin:/bin",
                    "HOME": tempfile.gettempdir(),
                    "LANG": "C.UTF-8",
                },
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=stderr,
                start_new_session=True,
            )
        self.seen: set[psutil.Process] = set()
        self._said: str | None = None

    @property
    def said(self) -> str:
        return self._output.read_text() if self._said is None else self._said

    def line(self, word: str) -> str:
        """Return what the block says after `word:`."""
        return next(line.split(": ", 1)[1] for line in self.said.splitlines() if line.startswith(f"{word}: "))

    def until(self, words: str) -> None:
        """Return when `words` have been said."""
        until(lambda: words in self.said or self.process.poll() is not None, START)
        assert words in self.said, self.said
        self.look()

    def look(self) -> set[psutil.Process]:
        """Remember the processes that run now; return all that were ever seen."""
        self.seen |= set(psutil.Process(self.process.pid).children(recursive=True))
        return self.seen

    def supervisor(self) -> psutil.Process:
        return next(one for one in self.look() if "dev.run" in words_of(one))

    def all_started(self) -> bool:
        """Whether the components run, healthy or not."""
        parents = [one for one in self.look() if "dev.run" in words_of(one)]
        return any(len(children_of(parent)) == len(HERE.components) for parent in parents)

    def component(self, name: str) -> psutil.Process:
        return next(one for one in self.supervisor().children() if name in words_of(one))

    def ended(self) -> int:
        """Wait for the end; return make's exit code, or the signal that ended it as a negative number."""
        return self.process.wait(STOP)

    def left(self) -> list[str]:
        """Return what still runs: of what was seen, or with this AIRFLOW_HOME in its environment."""
        return [*filter(None, map(words_of, {*self.seen, *having(f"AIRFLOW_HOME={self.home}")}))]

    def kill(self) -> None:
        """Leave nothing behind, whatever the test found."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(STOP)
        for one in self.seen:
            if one.is_running():
                one.kill()

    def forget(self) -> None:
        """Remove the output; `said` still tells it."""
        self._said = self.said
        self._output.unlink()

    def client(self) -> httpx.Client:
        """Log in with what the block says."""
        return API.log_in(self.url, API.path, self.line("User"), self.line("Password"))


@contextmanager
def making(home: Path, port: int | str, stderr: int = subprocess.STDOUT) -> Iterator[Making]:
    """Run `make run` until the end of the block."""
    run = Making(home, port, stderr)
    try:
        yield run
    finally:
        run.kill()
        run.forget()


def words_of(process: psutil.Process) -> str:
    """Return the command line; empty where the process has ended, perhaps while it was looked at."""
    try:
        return " ".join(process.cmdline()) if process.is_running() else ""
    except psutil.NoSuchProcess:
        return ""  # a zombie, too


def children_of(process: psutil.Process) -> list[psutil.Process]:
    """Return the children; none where the process has ended, perhaps while it was looked at."""
    try:
        return list(process.children())
    except psutil.NoSuchProcess:
        return []


def having(pair: str) -> Iterator[psutil.Process]:
    """Return the processes with `pair` in their environment."""
    for process in psutil.process_iter():
        try:
            held = Path(f"/proc/{process.pid}/environ").read_bytes()
        except OSError:
            continue
        if pair.encode() in held.split(b"\0"):
            yield process


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Return what `condition` returns as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {condition}"
        time.sleep(0.2)
    return found
