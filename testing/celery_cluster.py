"""A real scheduler and real Celery workers under the Runtime, observed through Airflow's own metrics."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT, ENTRYPOINT, environment
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.servers import Postgres
from testing.waiting import wait_until

AIRFLOW = (*ENTRYPOINT, "airflow")
BIN = Path(sys.executable).parent
INSPECT_MODULE = "astro_runtime_plugin.parallelism.worker_inspector"


def celery_environment(home: Path, database: str, broker: str, **extra: str) -> dict[str, str]:
    """Return the environment of a component in an installation with Celery."""
    (home / "airflow.cfg").touch()
    return environment(
        home,
        {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
            "AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            "PYTHONUNBUFFERED": "1",
            **extra,
        },
    )


def create_migrated(server: Postgres, home: Path) -> None:
    """Create the database `migrated`, a template for others; `home` is for the command that migrates it."""
    environ = celery_environment(home, server.create("migrated"), "redis://127.0.0.1:1/0")
    command = [*AIRFLOW, "db", "migrate"]
    subprocess.run(command, env=environ, cwd=CHECKOUT, check=True, capture_output=True, timeout=300)


class Metrics:
    """A StatsD server for Airflow: the last value of each gauge, and how often it was sent."""

    def __init__(self) -> None:
        self.gauges: dict[str, float] = {}
        self.sent: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.environ = {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(self._socket.getsockname()[1]),
        }
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                for line in self._socket.recv(65536).decode().splitlines():
                    if match := re.fullmatch(r"airflow\.([^:]+):([-.0-9]+)\|g.*", line):
                        self.gauges[match[1]] = float(match[2])
                        self.sent[match[1]] += 1

    def close(self) -> None:
        self._socket.close()


class Component:
    """A process of Airflow's; its output goes to a file."""

    def __init__(self, home: Path, name: str, words: Sequence[str], environ: Mapping[str, str]) -> None:
        self.path = home / f"{name}.log"
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen(
                words, env=environ, cwd=CHECKOUT, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def log(self) -> str:
        return self.path.read_text(errors="replace")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the process and its group, wait for its end, and kill children in other groups."""
        with self.family():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            self.process.wait(300)

    @contextlib.contextmanager
    def family(self) -> Iterator[None]:
        """At the end of the block, kill the children that the process had at its beginning."""
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            children += psutil.Process(self.process.pid).children(recursive=True)
        yield
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


class Cluster:
    """An installation: `database` and `broker` are URLs; `airflow` runs the airflow command."""

    airflow: Sequence[str] = AIRFLOW

    def __init__(self, home: Path, database: str, broker: str, **extra: str) -> None:
        self.home = home
        self.metrics = Metrics()
        self.environ = celery_environment(home, database, broker, **extra)
        self._components: list[Component] = []

    def run(self, name: str, *words: str, **extra: str) -> Component:
        """Start an airflow command; its log is named after `name`."""
        component = Component(self.home, name, [*self.airflow, *words], {**self.environ, **extra})
        self._components.append(component)
        return component

    def scheduler(self, **extra: str) -> Component:
        """Start the scheduler and wait until its loop sends metrics."""
        component = self.run("scheduler", "scheduler", **{**self.metrics.environ, **extra})
        wait_while_running(
            lambda: any(name.startswith("executor.open_slots") for name in self.metrics.gauges), component
        )
        return component

    def worker(self, name: str, *words: str) -> Component:
        """Start a Celery worker and wait until it is ready."""
        (worker,) = self.workers((name, *words))
        return worker

    def workers(self, *commands: Sequence[str]) -> list[Component]:
        """Start Celery workers, each with its name and options, and wait until they are ready."""
        command = ("celery", "worker", "--skip-serve-logs", "-H")
        workers = [self.run(name, *command, f"{name}@%h", *options) for name, *options in commands]
        wait_while_running(lambda: all("ready." in worker.log for worker in workers), *workers)
        return workers

    def open_slots(self) -> float:
        """Return how many tasks CeleryExecutor may still start, according to Airflow; nothing runs in these tests.

        Airflow sends the gauge under two names, one datagram each, so that this one may arrive a moment later.
        """
        wait_until(lambda: "executor.open_slots" in self.metrics.gauges)
        return self.metrics.gauges["executor.open_slots"]

    def execute(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the installation's environment to its end."""
        return subprocess.run(
            words, env=self.environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=300
        )

    def close(self) -> None:
        for component in self._components:
            component.kill()
        self.metrics.close()


@contextlib.contextmanager
def run_cluster(home: Path, database: str, broker: str, **extra: str) -> Iterator[Cluster]:
    """Run an installation; kill what still runs at the end of the block."""
    cluster = Cluster(home, database, broker, **extra)
    try:
        yield cluster
    finally:
        cluster.close()


def wait_while_running(condition: Callable[[], bool], *components: Component) -> None:
    """Wait for a condition; fail with the components' logs on a time-out, or if one of them has ended."""

    def ended() -> list[object]:
        return [component.process.args for component in components if component.process.poll() is not None]

    def describe() -> str:
        return "\n".join([f"ended: {ended()}", *(component.log[-6000:] for component in components)])

    wait_until(condition, describe, failed=lambda: bool(ended()), pause=0.1)


def inspect_processes(scheduler: int) -> list[int]:
    """Return the children of a scheduler that query the workers."""
    pids = []
    for child in psutil.Process(scheduler).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            pids += [child.pid] if INSPECT_MODULE in child.cmdline() else []
    return pids
