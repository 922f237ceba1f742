from __future__ import annotations

from typing import Any

import pytest

from astro_runtime_plugin.fixes.support import last_heartbeats
from astro_runtime_plugin.fixes.support.last_heartbeats import MAX_IDLE, HeartbeatsWhileEnding
from tests.unit.plugin.fixes.support.test_outage import Clock

RUNNING, WAITING = {"running": 1, "queued": 2}, {"queued": 2}


class Job:
    """Has tasks, and heartbeats."""

    def __init__(self) -> None:
        self.tasks: dict[str, int] = RUNNING
        self.heartbeats = 0

    def write_heartbeat(self, _: int) -> dict[str, int]:
        self.heartbeats += 1
        return self.tasks


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    job = Job()
    monkeypatch.setattr(last_heartbeats, "write_heartbeat", job.write_heartbeat)
    return job


def test_heartbeats_go_on_while_a_task_runs(job: Job) -> None:
    clock = Clock()
    heartbeats = HeartbeatsWhileEnding(1, clock)
    for _ in range(10):
        clock.now += MAX_IDLE
        assert heartbeats.beat()


@pytest.mark.parametrize(("tasks", "goes_on"), [(WAITING, False), ({}, True), (RUNNING, True)])
def test_heartbeats_end_when_tasks_wait_and_none_has_run(
    job: Job, tasks: dict[str, int], goes_on: bool
) -> None:
    clock = Clock()
    heartbeats = HeartbeatsWhileEnding(1, clock)
    clock.now += MAX_IDLE - 1
    heartbeats.beat()
    job.tasks = tasks
    clock.now += MAX_IDLE - 1
    assert heartbeats.beat()
    clock.now += 1
    assert heartbeats.beat() is goes_on


def test_thread_ends_with_the_last_heartbeat(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_heartbeats, "PAUSE", 0.0)
    monkeypatch.setattr(last_heartbeats, "MAX_IDLE", 0.0)
    job.tasks = WAITING
    heartbeats: Any = HeartbeatsWhileEnding(1)
    heartbeats._thread.start()
    heartbeats._thread.join(60)
    assert not heartbeats._thread.is_alive()
    assert job.heartbeats == 1
