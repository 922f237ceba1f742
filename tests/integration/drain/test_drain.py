"""`astro-runtime drain` with a real Celery worker on a real Redis: two tasks run, a third waits in the broker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from celery import Celery
from redis import Redis

from astro_runtime_plugin.health.__main__ import problem
from entrypoint.errors import NOT_DRAINED, UNAVAILABLE, UNKNOWN
from testing.celery_cluster import BIN
from testing.entrypoint_process import environment
from testing.servers import free_port, redis
from testing.waiting import read_until, wait_until

# Like Airflow's application: messages are acknowledged late, and none waits in the worker. Each task runs until its
# file is there.
WORKER = """
import sys, time
from pathlib import Path
from celery import Celery
app = Celery(broker=sys.argv[1], config_source={"task_acks_late": True, "worker_prefetch_multiplier": 1})
@app.task(name="execute_workload")
def execute_workload(_):
    while not Path("release").exists():
        time.sleep(0.1)
app.worker_main("worker --concurrency 2 --loglevel INFO --without-gossip --without-mingle -n mine@%h".split())
"""
WORKLOAD = json.dumps({"ti": {"dag_id": "orders", "task_id": "load"}})


class BusyWorker(NamedTuple):
    """A worker with two tasks."""

    home: Path
    url: str
    process: subprocess.Popen[bytes]

    @property
    def environ(self) -> dict[str, str]:
        return environment(self.home, {"AIRFLOW__CELERY__BROKER_URL": self.url, "TMPDIR": str(self.home)})

    @property
    def log(self) -> str:
        return (self.home / "worker.log").read_text()

    @property
    def messages(self) -> int:
        """How many messages wait in the broker."""
        with Redis.from_url(self.url) as client:
            return int(client.llen("celery"))  # type: ignore[arg-type]

    def start_drain(self, *options: str) -> subprocess.Popen[str]:
        words = [str(BIN / "astro-runtime"), "drain", "-H", "mine@%h", *options]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(words, env=self.environ, cwd=self.home, text=True, **pipes)

    def drain(self, *options: str) -> tuple[int, str]:
        """Run the command to its end, and return its exit code and output."""
        with self.start_drain(*options) as command:
            return command.wait(300), command.communicate()[0]

    def drain_until(self, text: str, *options: str) -> tuple[int, str]:
        """Run the command until its output has a text: on a busy machine the worker may reply too late.

        Return the last exit code, and all output.
        """
        answers: list[tuple[int, str]] = []

        def has_text() -> bool:
            answers.append(self.drain(*options))
            return text in answers[-1][1]

        wait_until(has_text, lambda: str(answers))
        return answers[-1][0], "".join(output for _, output in answers)


@contextmanager
def run_busy_worker(home: Path, url: str) -> Iterator[BusyWorker]:
    """Run a worker, and send it three tasks."""
    with (
        open(home / "worker.log", "wb") as log,
        subprocess.Popen([sys.executable, "-c", WORKER, url], cwd=home, stdout=log, stderr=log) as process,
    ):
        worker = BusyWorker(home, url, process)
        try:
            with Celery(broker=url, set_as_current=False) as app:
                for _ in range(3):
                    app.send_task("execute_workload", [WORKLOAD])
            wait_until(lambda: worker.log.count("received") == 2, lambda: worker.log)
            yield worker
        finally:
            (home / "release").touch()
            process.terminate()
            process.wait(300)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[BusyWorker]:
    with redis() as url, run_busy_worker(tmp_path, url) as worker:
        yield worker


def test_drained_worker_finishes_its_tasks_and_takes_no_other(
    worker: BusyWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, output = worker.drain_until("2 tasks left, the oldest, orders.load, has run for ", "--timeout", "0")
    assert code == NOT_DRAINED, output
    assert "takes no new task of celery" in output
    assert "how long they may take is not known" in output
    assert "2 tasks still run" in output
    (worker.home / "release").touch()
    code, output = worker.drain_until("drained: ")
    assert (code, output.splitlines()[-1]) == (0, "drained: no task is left"), output
    assert worker.log.count("succeeded") == 2
    assert worker.messages == 1
    monkeypatch.setattr("tempfile.tempdir", str(worker.home))
    command = ("celery", "worker", "-H", "mine@%h")
    wait_until(
        lambda: problem(worker.environ, command) is None, lambda: str(problem(worker.environ, command))
    )


def test_drain_ends_with_a_worker_that_is_stopped_meanwhile(worker: BusyWorker) -> None:
    with worker.start_drain() as command:
        read_until(command.stdout, "2 tasks left")
        assert command.stdout
        worker.process.terminate()
        (worker.home / "release").touch()
        assert command.wait(300) == 0, command.stdout.read()
    assert worker.process.wait(300) == 0
    assert worker.log.count("succeeded") == 2
    assert worker.messages == 1
    code, output = worker.drain()
    assert (code, "no worker answers to the name mine@" in output) == (UNKNOWN, True), output


def test_broker_that_is_away_is_reported(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    command = [str(BIN / "astro-runtime"), "drain", "-H", "mine@%h"]
    environ = environment(tmp_path, {"AIRFLOW__CELERY__BROKER_URL": url})
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, "could not query the broker" in done.stderr) == (UNAVAILABLE, True), done.stderr
