from __future__ import annotations

from types import SimpleNamespace

from astro_runtime_plugin.fixes.celery_broker_outage import WaitingTasks
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
