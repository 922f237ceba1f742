"""When the reconciler searches and sends again; the search and the database are replaced."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from astro_runtime_plugin.fixes import lost_messages
from astro_runtime_plugin.fixes.lost_messages import (
    FIRST_PAUSE,
    MAX_PAUSE,
    MAX_PAUSE_WITHOUT_LOSS,
    MessageReconciler,
)
from astro_runtime_plugin.fixes.support import overdue_tasks
from astro_runtime_plugin.fixes.support.overdue_tasks import MAX_REPEATS, QUEUED_SECONDS
from tests.unit.plugin.fixes.support.test_outage import Clock


class Search:
    """Finds that the messages in `lost` are lost; counts the searches."""

    lost: tuple[str, ...] = ()
    count = 0
    is_over = True

    def __init__(self, *_: object) -> None:
        Search.count += 1

    def answer(self) -> tuple[str, ...]:
        return Search.lost


class Fetcher:
    state = "PENDING"

    def get_many(self, results: Any) -> dict[str, tuple[str, None]]:
        return {result.task_id: (self.state, None) for result in results}


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An executor that has sent the task `a`, whose message has the same id."""
    executor = SimpleNamespace(
        workloads={"a": SimpleNamespace(task_id="a")},
        queued_tasks={},
        job_id=1,
        bulk_state_fetcher=Fetcher(),
        celery_app=SimpleNamespace(conf={}),
        sent_again=0,
    )

    def queue_again(executor: Any, task: Any) -> None:
        executor.sent_again += 1
        executor.queued_tasks[task.key] = executor.workloads[task.key]

    Search.lost, Search.count = (), 0
    task = SimpleNamespace(key="a")
    monkeypatch.setattr(lost_messages, "Inquiry", Search)
    monkeypatch.setattr(lost_messages, "open_session", nullcontext)
    monkeypatch.setattr(lost_messages, "queues_by_key", lambda *words: dict.fromkeys(words[2], "default"))
    monkeypatch.setattr(lost_messages, "queued_tasks", lambda *words: [task] if "a" in words[2] else [])
    monkeypatch.setattr(overdue_tasks, "queue_again", queue_again)
    return executor


def run(reconciler: MessageReconciler, executor: Any, clock: Clock, seconds: float) -> None:
    for _ in range(int(seconds)):
        clock.now += 1
        reconciler.step(executor)
        executor.workloads |= executor.queued_tasks
        executor.queued_tasks.clear()


def test_task_is_searched_once_it_has_waited(executor: Any) -> None:
    clock = Clock()
    reconciler = MessageReconciler(clock)
    run(reconciler, executor, clock, FIRST_PAUSE + QUEUED_SECONDS - 1)
    assert Search.count == 0
    run(reconciler, executor, clock, FIRST_PAUSE + 1)
    assert Search.count == 1
    assert executor.sent_again == 0


def test_searches_become_rare_while_nothing_is_lost(executor: Any) -> None:
    clock = Clock()
    run(MessageReconciler(clock), executor, clock, 36000)
    assert Search.count <= 36000 / MAX_PAUSE_WITHOUT_LOSS + 5


def test_searches_are_less_rare_after_a_loss(executor: Any) -> None:
    clock = Clock()
    reconciler = MessageReconciler(clock)
    Search.lost = ("a",)
    run(reconciler, executor, clock, FIRST_PAUSE + QUEUED_SECONDS + FIRST_PAUSE)
    Search.lost, Search.count = (), 0
    run(reconciler, executor, clock, 36000)
    assert 36000 / MAX_PAUSE - 5 <= Search.count <= 36000 / MAX_PAUSE + 5


def test_lost_task_is_sent_again_a_few_times(executor: Any) -> None:
    Search.lost = ("a",)
    clock = Clock()
    run(MessageReconciler(clock), executor, clock, 3600)
    assert executor.sent_again == MAX_REPEATS


def test_task_that_a_worker_has_begun_is_not_sent_again(executor: Any) -> None:
    Search.lost = ("a",)
    executor.bulk_state_fetcher.state = "STARTED"
    clock = Clock()
    run(MessageReconciler(clock), executor, clock, 600)
    assert Search.count
    assert executor.sent_again == 0
