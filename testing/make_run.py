"""Runs the real `make run` as a process and looks for what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from dev.run.profiles import PROFILE
from testing.entrypoint_process import CHECKOUT, gc_threshold
from testing.installed_line import LINE
from testing.rest_api import API
from testing.waiting import wait_until

START = 300  # seconds until it must be up, on a slow machine
STOP = 300  # seconds; a stop takes less than ten, and the machine may be busy


class MakeRun:
    """A `make run` in a session of its own, as a terminal gives it one; `output` is all that it has printed so far."""

    def __init__(self, home: Path, port: int | str, stderr: int = subprocess.STDOUT) -> None:
        self.home, self.url = home, f"http://localhost:{port}/"
        # The tests run in this environment: make must not install it again under them.
        variables = [f"LINE={LINE}", f"BIN={Path(sys.executable).parent}"]
        command = ["make", "-o", ".venv/.installed", "-o", f".venv-{LINE}/.installed", *variables, "run"]
        with tempfile.NamedTemporaryFile(prefix="make-run-", delete=False) as output:
            self._output_file = Path(output.name)
            self.process = subprocess.Popen(
                [*command, f"PORT={port}", f"AIRFLOW_HOME={home}"],
                env={
                    "PATH": "/usr/bin:/bin",
                    "HOME": tempfile.gettempdir(),
                    "LANG": "C.UTF-8",
                    **gc_threshold(),
                },
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=stderr,
                start_new_session=True,
            )
        self._descendants: set[psutil.Process] = set()
        self._last_output: str | None = None

    @property
    def output(self) -> str:
        if self._last_output is not None:
            return self._last_output
        return self._output_file.read_text(errors="replace")  # a line may be half written

    def fact(self, label: str) -> str:
        """Return what the block says after `label:`."""
        prefix = f"{label}: "
        return next(line for line in self.output.splitlines() if line.startswith(prefix)).removeprefix(prefix)

    def wait_for(self, text: str) -> None:
        """Return when the output contains `text`; it must come before the end."""
        wait_until(lambda: text in self.output or self.process.poll() is not None, seconds=START)
        assert text in self.output, self.output
        self.processes()

    def processes(self) -> set[psutil.Process]:
        """Return the descendants that run now and those that ran at an earlier call."""
        with suppress(psutil.NoSuchProcess):  # it has ended
            self._descendants |= set(psutil.Process(self.process.pid).children(recursive=True))
        return self._descendants

    def supervisor(self) -> psutil.Process:
        return next(process for process in self.processes() if "dev.run" in command_line(process))

    def wait_for_components(self) -> None:
        """Return when every component has been started, healthy or not."""
        wait_until(self._all_started, seconds=START)

    def _all_started(self) -> bool:
        parents = [process for process in self.processes() if "dev.run" in command_line(process)]
        return any(len(components_of(parent)) == len(PROFILE.components) for parent in parents)

    def component(self, name: str) -> psutil.Process:
        return next(process for process in self.supervisor().children() if name in command_line(process))

    def wait(self) -> int:
        """Wait for the end; return make's exit code, or the signal that ended it as a negative number."""
        return self.process.wait(STOP)

    def left_behind(self) -> list[str]:
        """Return the command lines of what still runs: known descendants, and whatever has this AIRFLOW_HOME."""
        processes = {*self._descendants, *with_variable(f"AIRFLOW_HOME={self.home}")}
        return [*filter(None, map(command_line, processes))]

    def kill(self) -> None:
        """Leave nothing behind, whatever the outcome of the test."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(STOP)
        for process in self._descendants:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def remove_output(self) -> None:
        """Remove the file; `output` still returns its content."""
        self._last_output = self.output
        self._output_file.unlink()

    def client(self) -> httpx.Client:
        """Log in as the block says."""
        return API.log_in(self.url, API.path, self.fact("User"), self.fact("Password"))


@contextmanager
def make_run(home: Path, port: int | str, stderr: int = subprocess.STDOUT) -> Iterator[MakeRun]:
    """Run `make run` until the end of the block."""
    run = MakeRun(home, port, stderr)
    try:
        yield run
    finally:
        run.kill()
        run.remove_output()


def command_line(process: psutil.Process) -> str:
    """Return the command line, empty if the process has ended."""
    try:
        return " ".join(process.cmdline()) if process.is_running() else ""
    except psutil.NoSuchProcess:
        return ""  # a zombie, too


def components_of(supervisor: psutil.Process) -> list[psutil.Process]:
    """Return the components that it runs, none if it has ended.

    Not yet a child that is still a copy of the supervisor, or setpriv, which has its component told of a killed parent.
    """
    try:
        children = {child: command_line(child) for child in supervisor.children()}
    except psutil.NoSuchProcess:
        return []
    return [child for child, line in children.items() if line and not re.search(r"^setpriv |dev\.run", line)]


def with_variable(pair: str) -> Iterator[psutil.Process]:
    """Yield the processes with `pair` (NAME=value) in their environment."""
    for process in psutil.process_iter():
        try:
            environ = Path(f"/proc/{process.pid}/environ").read_bytes()
        except OSError:
            continue
        if pair.encode() in environ.split(b"\0"):
            yield process
