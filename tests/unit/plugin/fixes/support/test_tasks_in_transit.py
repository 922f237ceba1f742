from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import Any

import pytest

from astro_runtime_plugin.fixes.support.tasks_in_transit import keys_in_transit, note_transit, sends_unnoticed
from testing.installed_line import LINE


class Sender:
    """An executor."""


def test_tasks_are_in_transit_while_they_are_sent() -> None:
    sender, seen = Sender(), []

    def send(executor: Any, batch: Any) -> None:
        seen.append(keys_in_transit(executor))

    note_transit("fix", itemgetter(0))(send)(sender, batch=[("a", 1), ("b", 2)])
    assert seen == [{"a", "b"}]
    assert keys_in_transit(sender) == frozenset()


@pytest.mark.parametrize("error", [SystemExit, ValueError])
def test_interrupted_tasks_stay_in_transit(error: type[BaseException]) -> None:
    sender = Sender()

    def send(executor: Any, batch: Any) -> None:
        raise error

    with pytest.raises(error):
        note_transit("fix", itemgetter(0))(send)(sender, [("a", 1)])
    assert keys_in_transit(sender) == {"a"}


def test_tasks_that_were_sent_in_vain_may_have_arrived() -> None:
    """On Airflow 2 a second message does no harm."""
    sender = Sender()
    sender.workload_publish_retries = Counter({"a": 0})  # type: ignore[attr-defined]
    assert keys_in_transit(sender) == ({"a"} if LINE == "3.3" else frozenset())


def test_executor_that_cannot_be_a_key_sends_as_stock() -> None:
    class Unhashable:
        __hash__ = None  # type: ignore[assignment]

    sent: list[Any] = []
    note_transit("fix", itemgetter(0))(lambda _, batch: sent.extend(batch))(Unhashable(), [("a", 1)])
    assert sent == [("a", 1)]


def test_batches_of_a_method_that_is_not_wrapped_are_not_noticed() -> None:
    class Batches:
        def _send_workloads(self, batch: Any) -> None:
            """Send."""

    class NotedBatches(Batches):
        _send_workloads = note_transit("fix", itemgetter(0))(Batches._send_workloads)

    assert [sends_unnoticed(executor()) for executor in (Sender, Batches, NotedBatches)] == [
        False,
        LINE == "3.3",
        False,
    ]
