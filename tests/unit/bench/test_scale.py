"""How the Runtime scales: what is marked as growing too fast, and how simulated workers reply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bench.scale import growth
from bench.scale.reply_messages import BATCH, batches
from bench.scale.simulated_workers import Exchange, replier
from bench.scale.worker_replies import COMMANDS, POOL, task_ids, worker_name


class RecordingSender:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[list[Any], str, str]] = []

    def encode(self, body: bytes) -> Any:
        return json.loads(body)

    def send(self, messages: Sequence[Any], queue: str, ticket: str) -> None:
        self.sent.append(([*messages], queue, ticket))


class Message:
    body = b"question"


def answer(command: str, destination: list[str] | None) -> tuple[list[Any], list[Exchange]]:
    """Return the replies of three workers, and the exchanges."""
    sender = RecordingSender()
    exchanges: list[Exchange] = []
    question = {
        "method": command,
        "destination": destination,
        "ticket": "t",
        "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "oid"},
    }
    replier(sender, 3, exchanges.append)(question, Message())
    ((replies, queue, ticket),) = sender.sent
    assert (queue, ticket) == ("oid.reply.celery.pidbox", "t")
    return replies, exchanges


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 10, 100, 500), "1.00×, 1.00×, 1.00×"),
        ((5, 5, 5, 5), "0.10×, 0.10×, 0.20×"),
        ((1, 100, 10_000, 250_000), "**10.00×**, **10.00×**, **5.00×**"),
        ((8, 100, 1250, 6250), "1.25×, 1.25×, 1.00×"),
    ],
)
def test_what_grows_faster_than_the_workers_is_bold(values: tuple[float, ...], expected: str) -> None:
    assert growth.row("a figure", "ms", values)[-1] == expected


def test_figure_for_each_worker_has_no_growth() -> None:
    row = growth.per_worker("a figure", "µs", (10, 100, 1500, 50_000))
    assert row == ("a figure", "1.0 µs", "1.0 µs", "1.5 µs", "10 µs", "")


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0"), (0.0123, "0.012"), (1.26, "1.3"), (9.94, "9.9"), (12345.6, "12,346")]
)
def test_number_has_two_digits_at_least(value: float, expected: str) -> None:
    assert growth.number(value) == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_each_simulated_worker_replies_as_the_runtime_reads_it(command: str) -> None:
    from astro_runtime_plugin.parallelism import replies

    readers: dict[str, tuple[Any, Any]] = {
        "stats": (lambda reply: replies.read_stats(reply).pool_size, POOL),
        "registered": (replies.read_is_airflow, True),
        "active_queues": (replies.read_queues, ("default",)),
        "active": (replies.read_tasks, task_ids(0)),
    }
    bodies, (exchange,) = answer(command, None)
    read, expected = readers[command]
    assert [next(iter(body)) for body in bodies] == [worker_name(number) for number in range(3)]
    assert read(bodies[0][worker_name(0)]) == expected
    assert exchange[:2] == (command, len(Message.body))


def test_only_named_workers_reply() -> None:
    bodies, _ = answer("active", [worker_name(1), "another"])
    assert [*map(list, bodies)] == [[worker_name(1)]]


def test_batches_have_all_messages() -> None:
    messages = [str(number).encode() for number in range(2 * BATCH + 1)]
    assert [len(batch) for batch in batches(messages)] == [BATCH, BATCH, 1]
    assert [message for batch in batches(messages) for message in batch] == messages
