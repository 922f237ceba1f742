from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from astro_runtime_plugin.fixes.celery_broker_outage import (
    WaitingTasks,
    fail_with_batch,
    note_attempts,
    one_batch,
)
from astro_runtime_plugin.fixes.support.outage import MAX_SECONDS
from tests.unit.plugin.fixes.support.test_outage import Clock

FAILED = SimpleNamespace(exception=ConnectionRefusedError())
SENT = SimpleNamespace(task_id="id")
INVALID = SimpleNamespace(exception=ValueError())


def messages(*keys: str) -> list[tuple[str, ...]]:
    return [(key, "arguments", "queue", "team") for key in keys]


def test_results_of_a_failed_connection_are_left_out() -> None:
    waiting = WaitingTasks(Clock())
    assert not waiting.pauses(messages("a", "b", "c"))
    sent, invalid = ("b", None, SENT), ("c", None, INVALID)
    assert waiting.keep([("a", None, FAILED), sent, invalid]) == [sent, invalid]


def test_each_task_waits_for_minutes_and_then_fails() -> None:
    clock = Clock()
    waiting = WaitingTasks(clock)
    waiting.pauses(messages("a"))
    assert waiting.keep([("a", None, FAILED)]) == []
    assert waiting.pauses(messages("a", "b"))
    clock.now += MAX_SECONDS - 1
    assert not waiting.pauses(messages("a", "b", "c"))
    assert waiting.keep([(key, None, FAILED) for key in "abc"]) == []
    clock.now += 1
    assert waiting.pauses(messages("a", "b", "c"))
    results = [(key, None, FAILED) for key in "abc"]
    assert waiting.keep(results) == results[:2]


def test_executor_counts_the_messages_that_were_tried() -> None:
    """The others fail with one of them; each process that sends tries one."""
    executor: Any = SimpleNamespace(workload_publish_retries=Counter({"c": 2}))
    failed = [SimpleNamespace(exception=AirflowTaskTimeout()) for _ in range(2)]
    results = [("a", None, failed[0]), ("b", None, failed[0]), ("c", None, failed[1]), ("d", None, failed[1])]
    note_attempts(executor, [*results, ("e", None, SENT), ("f", None, INVALID)])
    assert dict(executor.workload_publish_retries) == {"a": 0, "c": 2}


def test_one_time_out_ends_a_batch() -> None:
    """Each costs [celery] operation_timeout, and the scheduler writes no heartbeat meanwhile."""
    sent = []

    def send(message: tuple[str, ...]) -> tuple[str, None, object]:
        sent.append(message[0])
        return message[0], None, SimpleNamespace(exception=AirflowTaskTimeout())

    send_unless_failed, batch = fail_with_batch(send), messages(*map(str, range(512)))
    with one_batch():
        results = [send_unless_failed(message) for message in batch]
    assert sent == ["0"]
    waiting = WaitingTasks(Clock())
    waiting.pauses(batch)
    assert waiting.keep(results) == []
