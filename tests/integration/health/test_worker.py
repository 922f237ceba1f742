"""The health check of a Celery worker: a real one on a real Redis, answering and not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem
from testing.database_setup import read_until
from testing.entrypoint_process import environment
from testing.health_check import PASSWORD, checked
from testing.servers import free_port, redis

URL = "AIRFLOW__CELERY__BROKER_URL"
WORKER = """
import json, sys
from celery import Celery
app = Celery(broker=sys.argv[1], broker_transport_options=json.loads(sys.argv[2]))
words = "worker --pool solo --loglevel INFO --without-gossip --without-mingle --hostname mine@%h"
app.worker_main(words.split())
"""


@contextmanager
def running(url: str, home: Path, options: str = "{}") -> Iterator[None]:
    """Run a worker whose name is not the one that Celery gives by itself."""
    words = [sys.executable, "-c", WORKER, url, options]
    with subprocess.Popen(
        words, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            read_until(worker, "ready.")
            yield
        finally:
            worker.terminate()
            worker.communicate(timeout=300)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Redis, and on it one Celery worker."""
    with redis() as url, running(url, tmp_path_factory.mktemp("worker")):
        yield {URL: url}


def test_a_worker_that_answers_is_healthy(tmp_path: Path, broker: dict[str, str]) -> None:
    found, packages = checked(tmp_path, "celery", "worker", "-H", "mine@%h", environ=broker)
    assert found == ""
    assert "airflow" not in packages


def test_another_worker_s_answer_does_not_count(tmp_path: Path, broker: dict[str, str]) -> None:
    found = problem(environment(tmp_path, broker), ("celery", "worker"))
    assert found is not None
    assert found.startswith("the worker celery@")
    assert found.endswith(" does not answer")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://:{}@127.0.0.1:{}/0", "cannot be asked: OperationalError"),
        ("redis://:{}@127.0.0.1:{}x/0", "contains an invalid port (URL hidden)"),
    ],
)
def test_a_broker_out_of_reach_gives_no_password_away(tmp_path: Path, url: str, said: str) -> None:
    told = {"AIRFLOW__CELERY__BROKER_URL": url.format(PASSWORD, free_port())}
    assert said in checked(tmp_path, "celery", "worker", environ=told)[0]


def test_the_operators_transport_options_hold(tmp_path: Path) -> None:
    with redis() as url, running(url, tmp_path, '{"global_keyprefix": "team-"}'):
        prefix = {"AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__GLOBAL_KEYPREFIX": "team-"}
        words = ("celery", "worker", "-H", "mine@%h")
        assert problem(environment(tmp_path, {URL: url, **prefix}), words) is None
        assert "does not answer" in str(problem(environment(tmp_path, {URL: url}), words))


@pytest.mark.parametrize(
    "told", [{"AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False"}, {URL: "sqs://there"}], ids=str
)
def test_a_worker_that_cannot_be_pinged_is_healthy_while_it_runs(
    tmp_path: Path, broker: dict[str, str], told: dict[str, str]
) -> None:
    assert problem(environment(tmp_path, {**broker, **told}), ("celery", "worker")) is None
