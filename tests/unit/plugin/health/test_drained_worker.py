"""The record of a drained worker, and when it is deleted."""

from __future__ import annotations

import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from astro_runtime_plugin.health import worker
from astro_runtime_plugin.health.drained_worker import forget_drained, is_drained, mark_drained
from astro_runtime_plugin.health.settings import read_settings

NODE = "celery@a"


@pytest.fixture(autouse=True)
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mark_drained(NODE, psutil.Process())


def test_record_stays_if_it_is_newer_than_the_question() -> None:
    forget_drained(NODE, time.time() - 60)
    assert is_drained(NODE)
    forget_drained(NODE, time.time() + 60)
    assert not is_drained(NODE)
    forget_drained(NODE, time.time() + 60)


def test_worker_stays_drained_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: 0.0)
    assert is_drained(NODE)


def test_worker_that_takes_tasks_again_is_no_longer_drained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "active_queues", lambda *_: [{"name": "default"}])
    monkeypatch.setattr(worker, "worker_node", lambda _: NODE)
    # The record is older than the question.
    monkeypatch.setattr("time.time", lambda: time.monotonic() + 10**10)
    environ = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CELERY__BROKER_URL": "redis://127.0.0.1:1/0"}
    worker.check_worker(read_settings(environ, ("celery", "worker")))
    assert not is_drained(NODE)
