"""A component with task logs, as a real triggerer: the check of the store, metrics, and the row for the web server."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.health import KIND
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.fake_server import fake_server
from testing.proof import copy_migrated_database, templates_folder
from testing.task_logs import machine
from testing.waiting import wait_until

GAUGES = ("pending_bytes", "lost_bytes", "lag_seconds")
BEATS = "SELECT id FROM job WHERE job_type = 'TriggererJob' AND latest_heartbeat > start_date"
SUMMARY = """
import json
from astro_runtime_plugin.task_logs.service import task_logs
print("RESULT " + task_logs().model_dump_json())
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with a migrated database."""
    home = tmp_path_factory.mktemp("home")
    copy_migrated_database(templates_folder(tmp_path_factory), home)
    return home


# A triggerer whose check of the store ends when the test lets it, and that waits as long as it takes at its end.
PATIENT = """
import sys
from airflow.__main__ import main
from astro_runtime_plugin.task_logs import service
from astro_runtime_plugin.task_logs.stores import check
check.check_store.__defaults__ = (3600.0,)
service.FLUSH_SECONDS = 300.0
sys.argv[0] = "airflow"
main()
"""
AIRFLOW, PATIENT_AIRFLOW = ("-m", "airflow"), ("-c", PATIENT)


class Triggerer:
    """A running triggerer in `home`."""

    def __init__(self, home: Path, environ: dict[str, str], program: Sequence[str]) -> None:
        self.home, self.environ = home, environ
        self.output = home / "triggerer.out"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *program, "triggerer", "--skip-serve-logs"],
                env=environ,
                cwd=CHECKOUT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, text: str) -> str:
        """Return the line of the log with a text, once it is there."""
        wait_until(
            lambda: text in self.output.read_text(),
            self.output.read_text,
            failed=lambda: self.process.poll() is not None,
        )
        return next(line for line in self.output.read_text().splitlines() if text in line)

    def query(self, statement: str) -> list[tuple[str, ...]]:
        """Return rows of the database; none if a table does not exist yet."""
        try:
            with closing(sqlite3.connect(self.home / "airflow.db", timeout=30)) as database:
                return database.execute(statement).fetchall()
        except sqlite3.OperationalError:
            return []


@contextmanager
def triggerer(home: Path, program: Sequence[str] = AIRFLOW, **variables: str) -> Iterator[Triggerer]:
    """Run a triggerer until the end of the block."""
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db"}
    running = Triggerer(home, isolated_environment(home, **database, **variables), program)
    try:
        yield running
    finally:
        running.process.terminate()
        try:
            running.process.wait(300)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait(300)


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    shutil.copy(template / "airflow.db", tmp_path / "airflow.db")
    return tmp_path


def summary(running: Triggerer) -> dict[str, object]:
    """Return what the API and the Runtime page show."""
    done = subprocess.run(
        [sys.executable, "-c", SUMMARY],
        env=running.environ,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert results, done.stderr
    shown: dict[str, object] = json.loads(results[0].removeprefix("RESULT "))
    return shown


def received_gauges(server: socket.socket) -> set[str]:
    """Return the gauges of task logs that have come to a StatsD server; it waits for all of them."""
    seen: set[str] = set()

    def has_all() -> bool:
        text = server.recv(65536).decode()
        seen.update(name for name in GAUGES if f"airflow.astro_runtime.task_logs.{name}:0" in text)
        return seen == {*GAUGES}

    wait_until(has_all, lambda: f"only {seen}", pause=0)
    return seen


def test_component_checks_the_store_sends_metrics_and_is_on_the_runtime_page(home: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
        statsd.bind(("127.0.0.1", 0))
        statsd.settimeout(120)
        url = f"file://{home}/store"
        variables = {
            "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": url,
            "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS_RETENTION_DAYS": "90",
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_PORT": str(statsd.getsockname()[1]),
        }
        with triggerer(home, **variables) as running:
            line = running.wait_for("Task logs: ")
            assert f"Task logs: {url} can be written, listed, read and deleted from" in line
            assert received_gauges(statsd) == {*GAUGES}
            rows = wait_until(
                lambda: running.query(f"SELECT value FROM astro_runtime_state WHERE kind = '{KIND}'")
            )
            assert len(rows) == 1
            shown = summary(running)
    assert (shown["store"], shown["retention_days"], shown["pending_bytes"]) == (url, 90, 0)
    assert isinstance(shown["machines"], list)
    assert len(shown["machines"]) == 1


def s3_variables(port: int) -> dict[str, str]:
    """Return the variables of a component whose store is an S3 server at a port."""
    return {
        "AIRFLOW__ASTRO_RUNTIME__TASK_LOGS": "s3://bucket/logs",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "not-to-be-logged",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def test_store_that_never_answers_does_not_delay_the_start(home: Path) -> None:
    """The server says a little now and then, so that no client gives it up before the component has started."""
    let_go = threading.Event()

    def dawdle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Wait: ")
        while not let_go.wait(1):
            connection.sendall(b".")

    with fake_server(dawdle) as port, triggerer(home, PATIENT_AIRFLOW, **s3_variables(port)) as running:
        wait_until(lambda: running.query(BEATS), running.output.read_text)
        assert "Task logs: " not in running.output.read_text()
        let_go.set()
        running.wait_for("Task logs: ")
        assert running.process.poll() is None


def test_store_that_never_answers_does_not_fail_the_start(home: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        triggerer(home, **s3_variables(server.getsockname()[1])) as running,
    ):
        wait_until(lambda: running.query(BEATS), running.output.read_text)
        assert "does not answer within 20 seconds" in running.wait_for("Task logs: ")
        assert running.process.poll() is None
        assert "not-to-be-logged" not in running.output.read_text()


def test_what_was_pending_is_in_the_store_when_the_component_has_stopped(home: Path) -> None:
    url = f"file://{home}/store"
    with (
        machine(home, url) as here,
        triggerer(home, PATIENT_AIRFLOW, AIRFLOW__ASTRO_RUNTIME__TASK_LOGS=url) as running,
    ):
        running.wait_for("Task logs: ")
        wait_until(lambda: running.query(BEATS), running.output.read_text)
        texts = {f"{number}.log": f"all of {number}\n" for number in range(20)}
        for path, text in texts.items():
            here.file(path).write_text(text)
            here.writer.begin(path, pid=running.process.pid)
        running.process.terminate()
        assert running.process.wait(300) == 0
        found = {
            path: (home / "store" / path).read_text() for path in texts if (home / "store" / path).exists()
        }
    assert found == texts


def test_component_without_a_store_says_nothing(home: Path) -> None:
    with triggerer(home) as running:
        wait_until(lambda: running.query(BEATS), running.output.read_text)
        assert "Task logs: " not in running.output.read_text()
        assert summary(running)["store"] == ""
