"""The record of a try is taken once, by the process whose worker wrote it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from astro_runtime_plugin.fixes.support import running_tries
from astro_runtime_plugin.fixes.support.running_tries import RunningTry, cleanup, record, record_file, take
from astro_runtime_plugin.task_logs.shipping.records import TaskIdentity

RUNNING = RunningTry(identity=TaskIdentity(dag_id="dag", run_id="run", task_id="task"), path="log", kills=2)


def record_as_worker(folder: Path) -> int:
    """Fork a worker that records a try and is gone; return its process id."""
    pid = os.fork()
    if pid == 0:
        record(str(folder), RUNNING)
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_record_is_taken_once(tmp_path: Path) -> None:
    pid = record_as_worker(tmp_path)
    running = take(str(tmp_path), pid)
    assert running is not None
    assert (running.identity, running.path, running.kills) == (RUNNING.identity, "log", 2)
    assert take(str(tmp_path), pid) is None


def test_record_for_an_earlier_process_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = record_as_worker(tmp_path)
    monkeypatch.setattr(running_tries, "process_start", lambda _: 5.0)
    assert take(str(tmp_path), pid) is None
    assert not record_file(str(tmp_path), pid).exists()


def test_idle_worker_and_broken_record_are_nothing(tmp_path: Path) -> None:
    assert take(str(tmp_path), 7) is None
    file = record_file(str(tmp_path), 7)
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert take(str(tmp_path), 7) is None


def test_record_ends_with_the_task(tmp_path: Path) -> None:
    with cleanup(record(str(tmp_path), RUNNING)):
        assert record_file(str(tmp_path), os.getpid()).exists()
    assert not record_file(str(tmp_path), os.getpid()).exists()
