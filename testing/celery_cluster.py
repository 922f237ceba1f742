"""A real scheduler and real Celery workers, under the Runtime, and what Airflow's own metrics say of them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT, ENTRYPOINT, environment

AIRFLOW = (*ENTRYPOINT, "airflow")
SECONDS = 300.0  # until a test gives up; what is measured is what happens, not when


def told(home: Path, database: str, broker: str, **more: str) -> dict[str, str]:
    """Return the environment of a component of an installation with Celery."""
    (home / "airflow.cfg").touch()
    return environment(
        home,
        {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of the tests, of no worth elsewhere",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            "PYTHONUNBUFFERED": "1",
            **more,
        },
    )


class Metrics:
    """Hears what Airflow sends to a StatsD server; the last value of each gauge, and how often it was sent."""

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
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                for line in self._socket.recv(65536).decode().splitlines():
                    if found := re.fullmatch(r"airflow\.([^:]+):([-.0-9]+)\|g.*", line):
                        self.gauges[found[1]] = float(found[2])
                        self.sent[found[1]] += 1

    def close(self) -> None:
        self._socket.close()


class Component:
    """A process of Airflow's, its output in a file."""

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
        """Send a signal to the process and its group, and see it end, and its children in groups of their own."""
        with self.family():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            self.process.wait(300)

    @contextlib.contextmanager
    def family(self) -> Iterator[None]:
        """See at the end of the block that the process's children of its beginning end, too."""
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            children += psutil.Process(self.process.pid).children(recursive=True)
        yield
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


class Cluster:
    """An installation: `database` and `broker` are URLs, `airflow` the words that stand before a command's."""

    airflow: Sequence[str] = AIRFLOW

    def __init__(self, home: Path, database: str, broker: str, **more: str) -> None:
        self.home = home
        self.metrics = Metrics()
        self.environ = told(home, database, broker, **more)
        self._components: list[Component] = []

    def run(self, name: str, *words: str, **more: str) -> Component:
        component = Component(self.home, name, [*self.airflow, *words], {**self.environ, **more})
        self._components.append(component)
        return component

    def scheduler(self, **more: str) -> Component:
        """Start the scheduler; its metrics are heard from when its loop runs."""
        component = self.run("scheduler", "scheduler", **{**self.metrics.environ, **more})
        until(lambda: any(name.startswith("executor.open_slots") for name in self.metrics.gauges), component)
        return component

    def worker(self, name: str, *words: str) -> Component:
        """Start a Celery worker and wait until it is ready."""
        (worker,) = self.workers((name, *words))
        return worker

    def workers(self, *told: Sequence[str]) -> list[Component]:
        """Start Celery workers, each of its name and its words, and wait until they are ready."""
        command = ("celery", "worker", "--skip-serve-logs", "-H")
        workers = [self.run(name, *command, f"{name}@%h", *words) for name, *words in told]
        until(lambda: all("ready." in worker.log for worker in workers), *workers)
        return workers

    def open_slots(self) -> float:
        """Return what Airflow itself says that CeleryExecutor may still start; nothing runs in these tests."""
        return self.metrics.gauges["executor.open_slots"]

    def asked(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment to its end."""
        return subprocess.run(
            words, env=self.environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=300
        )

    def close(self) -> None:
        for component in self._components:
            component.kill()
        self.metrics.close()


@contextlib.contextmanager
def cluster(home: Path, database: str, broker: str, **more: str) -> Iterator[Cluster]:
    """Run an installation; whatever of it still runs at the end is killed."""
    made = Cluster(home, database, broker, **more)
    try:
        yield made
    finally:
        made.close()


def until(holds: Callable[[], bool], *components: Component) -> None:
    """Wait until something holds; fail with the logs of the components where it does not."""
    end = time.monotonic() + SECONDS
    while not holds():
        ended = [one.process.args for one in components if one.process.poll() is not None]
        if time.monotonic() > end or ended:
            raise AssertionError(f"ended: {ended}\n" + "\n".join(one.log[-6000:] for one in components))
        time.sleep(0.1)


def asking(scheduler: int) -> list[int]:
    """Return the processes that ask the workers, among the children of all of a scheduler's threads."""
    threads = Path(f"/proc/{scheduler}/task").iterdir()
    pids = [int(pid) for thread in threads for pid in read(thread / "children").split()]
    return [pid for pid in pids if "following.ask" in read(Path(f"/proc/{pid}/cmdline"))]


def read(path: Path) -> str:
    """Return what a file of a process says, nothing where it has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


PYTHON = Path(sys.executable).parent
