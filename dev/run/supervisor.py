"""Runs the components as child processes until the user stops them or one of them ends.

`airflow standalone` cannot take its place: it listens on every network, logs the password, replaces the user's
auth manager, and carries on when a component has ended.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from dev.run.stop_request import StopRequest
from entrypoint.errors import StartError

FAILED = 1  # the exit code when a component has ended
POLL_INTERVAL = 0.2  # seconds
START_TIMEOUT = 300  # seconds until healthy, on a very slow machine
STOP_TIMEOUT = 7  # seconds from SIGTERM to SIGKILL; a stop takes less than ten
LAST_LINES = 15
RUN_ID = "MAKE_RUN_ID"  # the variable that marks the processes of a run, also those whose parent has ended
# On Linux, a component gets SIGTERM when `make run` is killed.
STOP_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()


class Supervisor:
    """The child processes of one run, with their output in the folder `logs`."""

    def __init__(self, environ: Mapping[str, str], logs: Path, stop_request: StopRequest) -> None:
        self._run_id = secrets.token_hex()
        # SPT_NOENV: setproctitle would overwrite the environment in which RUN_ID is looked up.
        self._environ = {**environ, RUN_ID: self._run_id, "SPT_NOENV": "1"}
        self._logs, self._stop_request = logs, stop_request
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        """Start `command` through the entrypoint, in a session of its own, which Ctrl-C does not reach."""
        with open(self._log(name), "wb") as output:
            self._processes[name] = subprocess.Popen(
                [*STOP_WITH_PARENT, sys.executable, "-m", "entrypoint", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self._environ, **(environ or {})},
                start_new_session=True,
            )

    def run_step(self, name: str, command: Sequence[str], environ: Mapping[str, str] | None = None) -> str:
        """Run `command` to its end and return its output. Raises StartError if it fails."""
        self.start(name, command, environ)
        while self._processes[name].poll() is None:
            self._pause()
        if self._processes[name].returncode:
            raise self._error(name)
        del self._processes[name]
        return self._log(name).read_text(errors="replace")

    def wait_until_healthy(self, unhealthy: Callable[[], list[str]]) -> None:
        """Return when `unhealthy` returns no component."""
        deadline = time.monotonic() + START_TIMEOUT
        while names := unhealthy():
            if time.monotonic() > deadline:
                problem = f"not healthy after {START_TIMEOUT} s: {', '.join(names)}"
                raise StartError(f"{problem}; its log: {self._logs}/", FAILED)
            self.watch(1)

    def watch(self, seconds: float = float("inf")) -> None:
        """Wait. Raises KeyboardInterrupt if the user wants to stop, StartError if a component ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    raise self._error(name)
            self._pause()

    def stop(self) -> None:
        """Terminate the components, then kill everything that they have started.

        SIGTERM goes to the components alone: Airflow may mark a task process that gets it as a success.
        """
        remaining = set(psutil.Process().children(recursive=True))
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT
        while any(process.poll() is None for process in self._processes.values()):
            if time.monotonic() > deadline or self._stop_request.is_urgent:
                break
            time.sleep(POLL_INTERVAL)
        while remaining := {*remaining, *self._marked_processes()}:
            while remaining:
                with contextlib.suppress(psutil.NoSuchProcess):
                    remaining.pop().kill()
            time.sleep(0.05)
        for process in self._processes.values():
            process.wait()

    def _marked_processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(RUN_ID) == self._run_id:
                    yield process

    def _pause(self) -> None:
        self._stop_request.check()
        time.sleep(POLL_INTERVAL)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _error(self, name: str) -> StartError:
        code, log = self._processes[name].returncode, self._log(name)
        ending = f"{name} ended with " + (
            f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        )
        output = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return StartError("\n".join([f"{ending}; the last lines of {log}:", *output, ending]), FAILED)
