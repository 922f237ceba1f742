"""The processes that are measured: each has an Airflow home and a database of its own, and prints figures as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from testing.auth_managers import FAB, SIMPLE
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.identity.live.site import identity_environment
from testing.installed_line import LINE

RUNTIME, STOCK = "the Runtime", {"3.3": "SimpleAuthManager", "2.11": "stock FAB"}[LINE]
FOLDER = {"3.3": "airflow3", "2.11": "airflow2"}[LINE]
AUTH_MANAGERS = {
    RUNTIME: f"astro_runtime_plugin.identity.{FOLDER}.auth_manager.RuntimeAuthManager",
    STOCK: {"3.3": SIMPLE, "2.11": FAB}[LINE],
}
MEMORY = Path("/dev/shm")  # so that a slow disk does not count
MORE = {
    "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": "1000",
    "AIRFLOW__API__SECRET_KEY": SECRET_KEY,
    "AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY,
    "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    "AIRFLOW__WEBSERVER__SECRET_KEY": SECRET_KEY,
    "AIRFLOW__WEBSERVER__SESSION_BACKEND": "securecookie",
    "PYTHONWARNINGS": "ignore",
}


def environ(home: Path, manager: str, issuer: str) -> dict[str, str]:
    """Return the environment of a process with an auth manager, RUNTIME or STOCK, and a new home."""
    home.mkdir()
    (home / "airflow.cfg").touch()
    provider = identity_environment(issuer) if manager == RUNTIME else {}
    variables = {**MORE, **provider, "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGERS[manager]}
    return isolated_environment(home, **variables)


def run(module: str, environment: Mapping[str, str], *words: str) -> Any:
    """Run a module of this package to its end, and return what its last line says."""
    done = subprocess.run(
        _command(module, words), env=environment, cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


class MeasuredProcess:
    """A process that measures once for each line that it is sent."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin, self._stdout = stdin, stdout

    def measure(self, what: str = "") -> float:
        """Return the seconds of one measurement."""
        self._stdin.write(f"{what}\n")
        self._stdin.flush()
        return float(self._stdout.readline())


@contextmanager
def worker(module: str, environment: Mapping[str, str], *words: str) -> Iterator[MeasuredProcess]:
    """Run a module of this package that measures, until the end of the block; yield it when it is ready."""
    command = _command(module, words)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=CHECKOUT, text=True, **pipes) as process:  # type: ignore[call-overload]
        while (line := process.stdout.readline()) != "ready\n":
            assert line, f"{module} has ended"
        yield MeasuredProcess(process.stdin, process.stdout)
        process.stdin.close()


def _command(module: str, words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", f"bench.identity.{module}", *words]


def resident_bytes() -> int:
    """Return the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
