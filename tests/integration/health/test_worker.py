"""The health check of a Celery worker: a real worker on a real Redis, with and without an answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem
from testing.entrypoint_process import environment
from testing.health_check import PASSWORD, assert_quiet_check
from testing.servers import free_port, redis
from testing.waiting import read_until

URL = "AIRFLOW__CELERY__BROKER_URL"
WORKER = """
import json, sys
from celery import Celery
app = Celery(broker=sys.argv[1], broker_transport_options=json.loads(sys.argv[2]))
words = "worker --pool solo --loglevel INFO --without-gossip --without-mingle --hostname mine@%h"
app.worker_main(words.split())
"""


@contextmanager
def run_worker(url: str, home: Path, options: str = "{}") -> Iterator[None]:
    """Run a worker with a name other than Celery's default."""
    words = [sys.executable, "-c", WORKER, url, options]
    with subprocess.Popen(
        words, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            read_until(worker.stderr, "ready.")
            yield
        finally:
            worker.terminate()
            worker.communicate(timeout=300)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Redis, and on it one Celery worker."""
    with redis() as url, run_worker(url, tmp_path_factory.mktemp("worker")):
        yield {URL: url}


def test_answering_worker_is_healthy(tmp_path: Path, broker: dict[str, str]) -> None:
    message, packages = assert_quiet_check(tmp_path, "celery", "worker", "-H", "mine@%h", environ=broker)
    assert message == ""
    assert "airflow" not in packages


def test_answer_of_another_worker_is_ignored(tmp_path: Path, broker: dict[str, str]) -> None:
    message = problem(environment(tmp_path, broker), ("celery", "worker"))
    assert message is not None
    assert message.startswith("the worker celery@")
    assert message.endswith(" does not answer")


@pytest.mark.parametrize(
    ("url", "problem_text"),
    [
        ("redis://:{}@127.0.0.1:{}/0", "could not query the broker at 127.0.0.1:{}: OperationalError"),
        ("redis://:{}@127.0.0.1:{}x/0", "contains an invalid port (URL hidden)"),
    ],
)
def test_unreachable_broker_does_not_reveal_the_password(tmp_path: Path, url: str, problem_text: str) -> None:
    port = free_port()
    message, _ = assert_quiet_check(tmp_path, "celery", "worker", environ={URL: url.format(PASSWORD, port)})
    assert problem_text.format(port) in message


def test_operators_transport_options_are_used(tmp_path: Path) -> None:
    with redis() as url, run_worker(url, tmp_path, '{"global_keyprefix": "team-"}'):
        prefix = {"AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__GLOBAL_KEYPREFIX": "team-"}
        words = ("celery", "worker", "-H", "mine@%h")
        assert problem(environment(tmp_path, {URL: url, **prefix}), words) is None
        assert "does not answer" in str(problem(environment(tmp_path, {URL: url}), words))


@pytest.mark.parametrize(
    "override", [{"AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False"}, {URL: "sqs://there"}], ids=str
)
def test_worker_that_cannot_be_pinged_is_healthy(
    tmp_path: Path, broker: dict[str, str], override: dict[str, str]
) -> None:
    assert problem(environment(tmp_path, {**broker, **override}), ("celery", "worker")) is None
