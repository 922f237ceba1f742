"""A whole Airflow 3 on SQLite: scheduler with LocalExecutor, DAG processor, and the API server for tasks."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from testing.api_server_process import api_server_command
from testing.entrypoint_process import CHECKOUT
from testing.proof import Proof
from testing.servers import free_port, log_server_ports
from testing.waiting import wait_until

SETTINGS = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "2",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-this-test-with-enough-characters-for-hs512-which-are-64",
}


class SmallAirflow:
    """A running Airflow; `home` is its AIRFLOW_HOME, `url` that of its API server."""

    def __init__(self, home: Path, processes: list[subprocess.Popen[bytes]], url: str) -> None:
        self.home = home
        self.processes = processes
        self.url = url

    def query(self, statement: str) -> list[Any]:
        """Return the first column of the rows that a statement selects in the database."""
        with sqlite3.connect(f"file:{self.home / 'airflow.db'}?mode=ro", uri=True, timeout=300) as database:
            return [row[0] for row in database.execute(statement)]

    def wait_for_run(self) -> str:
        """Wait until the only DAG run has ended, and return its state."""
        ended = "SELECT state FROM dag_run WHERE state IN ('failed', 'success')"
        rows = wait_until(lambda: self.query(ended), self.describe, failed=self.has_failed)
        return str(rows[0])

    def has_failed(self) -> bool:
        """Whether a component has ended."""
        return any(process.poll() is not None for process in self.processes)

    def describe(self) -> str:
        """Return the end of each component's output, for a failed test."""
        return "\n".join(path.read_text()[-4000:] for path in self.home.glob("*.out"))


@contextmanager
def small_airflow(
    proof: Proof,
    source: str,
    *,
    server: Mapping[str, str] | None = None,
    triggerer: Mapping[str, str] | None = None,
    **variables: str,
) -> Iterator[SmallAirflow]:
    """Run an Airflow with one DAG file in the proof's home until the end of the block.

    `server` are variables for the API server alone, which then has all of Airflow's endpoints; `triggerer` those for a
    triggerer, without which there is none.
    """
    (proof.home / "dags").mkdir()
    (proof.home / "dags" / "dag.py").write_text(source)
    port = free_port()
    address = {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/"}
    environ = proof.environment(**{**SETTINGS, **log_server_ports(), **address, **variables})
    with ExitStack() as stack:
        airflow = [sys.executable, "-m", "airflow"]
        commands = {
            "api-server": api_server_command(port, "execution" if server is None else "all"),
            "dag-processor": [*airflow, "dag-processor"],
            "scheduler": [*airflow, "scheduler"],
        }
        if triggerer is not None:
            commands["triggerer"] = [*airflow, "triggerer"]
        environs = {
            name: {**environ, **(own or {})}
            for name, own in (("api-server", server), ("triggerer", triggerer))
        }
        running = SmallAirflow(proof.home, [], f"http://127.0.0.1:{port}/")
        for name, command in commands.items():
            output = proof.home / f"{name}.out"
            running.processes.append(_start(stack, command, environs.get(name, environ), output))
            if name == "api-server" and server is not None:
                wait_until(lambda: _answers(running.url), running.describe, failed=running.has_failed)
        yield running


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}api/v2/version", timeout=60).is_success
    except httpx.HTTPError:
        return False


def _start(
    stack: ExitStack, command: list[str], environ: dict[str, str], path: Path
) -> subprocess.Popen[bytes]:
    with open(path, "wb") as output:
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a component; one that waits for a task that does not end is killed with its children."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
