"""How many replies, and messages that are none, one question takes."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest
from celery import Celery
from kombu.connection import Connection
from kombu.messaging import Producer
from kombu.transport import memory
from pytest_mock import MockerFixture

from astro_runtime_plugin.parallelism import reply_mailbox
from astro_runtime_plugin.parallelism.bounds import MAX_DESTINATIONS, MAX_REPLY_BYTES, MAX_UNREADABLE
from astro_runtime_plugin.parallelism.reply_mailbox import ReplyControl


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receive what is there, however long that takes on a busy machine."""
    monkeypatch.setattr(reply_mailbox, "MAX_ANSWER_SECONDS", 600.0)


def mailbox_of(connection: Any) -> Any:
    mailbox: Any = ReplyControl(Celery(set_as_current=False)).mailbox
    return mailbox(connection)


def collect(bodies: list[Any], limit: int | None = None, is_wanted: Any = None) -> list[Any]:
    """Return the replies that are taken of those that are there."""
    with Connection("memory://") as connection:
        mailbox = mailbox_of(connection)
        queue = mailbox.reply_queue(connection.default_channel)
        queue.declare()
        producer = Producer(connection.default_channel, auto_declare=False)
        for body in bodies:
            to = {"exchange": queue.exchange.name, "routing_key": queue.routing_key}
            producer.publish(body, headers={"ticket": "t"}, serializer="json", **to)
        replies: list[Any] = mailbox._collect("t", limit, timeout=0.001, callback=is_wanted)
        memory.Channel.queues.clear()
    return replies


@pytest.mark.parametrize(
    ("count", "limit", "expected"), [(3, None, 3), (4, None, 3), (4, 2, 2), (4, 4, 3), (2, 4, 2)]
)
def test_number_of_replies_is_limited(
    monkeypatch: pytest.MonkeyPatch, count: int, limit: int | None, expected: int
) -> None:
    monkeypatch.setattr(reply_mailbox, "MAX_REPLIES", 3)
    assert collect([*range(count)], limit) == [*range(expected)]


@pytest.mark.parametrize(("extra", "expected"), [(0, 1), (1, 0)])
def test_size_of_a_reply_is_limited(extra: int, expected: int) -> None:
    quotes = 2
    assert len(collect(["x" * (MAX_REPLY_BYTES - quotes + extra)])) == expected


def connection_with(mocker: MockerFixture, unreadable: int) -> Any:
    """Return a connection on which so many messages cannot be read, and then no more come."""
    events = [*[ValueError("unreadable")] * unreadable, TimeoutError]
    return mocker.Mock(connection_errors=(), channel_errors=(), drain_events=mocker.Mock(side_effect=events))


def test_unreadable_messages_are_left_out_up_to_a_limit(mocker: MockerFixture) -> None:
    connection = connection_with(mocker, MAX_UNREADABLE)
    mailbox_of(connection)._receive([], 1, 0.0)
    assert connection.drain_events.call_count == MAX_UNREADABLE + 1


def test_more_unreadable_messages_are_a_fault_of_the_connection(mocker: MockerFixture) -> None:
    with pytest.raises(ValueError, match="unreadable"):
        mailbox_of(connection_with(mocker, MAX_UNREADABLE + 1))._receive([], 1, 0.0)


def question_bytes(mocker: MockerFixture, workers: Collection[str]) -> int:
    """Return the size of a question to these workers, which each worker of the broker reads."""
    publish = mocker.patch.object(Producer, "publish")
    with Celery(broker="memory://", set_as_current=False) as app:
        ReplyControl(app).ask("active", workers)
    memory.Channel.queues.clear()
    return len(json.dumps(publish.call_args.args[0]))


def test_bytes_of_all_questions_grow_no_faster_than_the_workers(
    monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture
) -> None:
    monkeypatch.setattr(reply_mailbox, "ANSWER_SECONDS", 0.001)
    sizes = []
    for count in (MAX_DESTINATIONS, 50 * MAX_DESTINATIONS):
        names = [f"celery@airflow-worker-{number:05}" for number in range(count)]
        sizes.append(count * question_bytes(mocker, names))
    assert sizes[1] <= 50 * sizes[0]


@pytest.mark.parametrize("count", [1, MAX_DESTINATIONS])
def test_question_to_few_workers_names_them(
    monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture, count: int
) -> None:
    monkeypatch.setattr(reply_mailbox, "ANSWER_SECONDS", 0.001)
    broadcast = mocker.patch("celery.app.control.Control.broadcast", return_value=[])
    names = [str(number) for number in range(count)]
    ReplyControl(Celery(set_as_current=False)).ask("active", names)
    assert broadcast.call_args.kwargs["destination"] == names


def test_question_to_many_workers_names_none_and_takes_their_replies_only(
    monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture
) -> None:
    monkeypatch.setattr(reply_mailbox, "ANSWER_SECONDS", 0.001)
    broadcast = mocker.patch("celery.app.control.Control.broadcast", return_value=[])
    names = [str(number) for number in range(MAX_DESTINATIONS + 1)]
    ReplyControl(Celery(set_as_current=False)).ask("active", names)
    options = broadcast.call_args.kwargs
    assert (options.get("destination"), options["limit"]) == (None, len(names))
    assert [options["callback"](reply) for reply in ({"0": 1}, {"other": 1})] == [True, False]


def test_replies_of_other_workers_do_not_count() -> None:
    bodies = [{"other": 1}, 7, ["a"], {"a": 2}, {"b": 3}, {"c": 4}]
    is_wanted = reply_mailbox.replies_of(["a", "b"])
    assert collect(bodies, 2, is_wanted) == [{"a": 2}, {"b": 3}]
