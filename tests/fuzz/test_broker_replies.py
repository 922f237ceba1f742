"""Whatever comes from the broker, a round ends with a bounded, printable answer that the limit can use."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from celery import Celery
from hypothesis import strategies as st
from kombu.connection import Connection
from kombu.messaging import Producer
from kombu.transport import memory

from astro_runtime_plugin.options.text import MAX_NAME_LENGTH
from astro_runtime_plugin.parallelism import reply_mailbox
from astro_runtime_plugin.parallelism.bounds import MAX_POOL, MAX_QUEUES, MAX_REASON
from astro_runtime_plugin.parallelism.inspection import CachedWorker, Inspection
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from astro_runtime_plugin.parallelism.reply_mailbox import ReplyControl
from entrypoint.capacity import Calculation
from tests.fuzz.budget import fuzz

texts = st.text(st.characters(), max_size=40)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda children: st.one_of(st.lists(children, max_size=4), st.dictionaries(texts, children, max_size=4)),
    max_leaves=10,
)
pools = st.fixed_dictionaries(
    {},
    optional={
        "max-concurrency": st.one_of(st.integers(), json_values),
        "processes": st.one_of(st.lists(st.integers(), max_size=4), json_values),
    },
)
stats = st.fixed_dictionaries(
    {},
    optional={
        "pid": st.one_of(st.integers(), json_values),
        "pool": st.one_of(pools, json_values),
        "autoscaler": st.one_of(st.none(), st.dictionaries(st.just("max"), st.integers()), json_values),
    },
)
errors = st.fixed_dictionaries({"error": json_values})
queues = st.lists(
    st.one_of(st.fixed_dictionaries({"name": st.one_of(texts, json_values)}), json_values), max_size=4
)
tasks = st.lists(
    st.one_of(st.fixed_dictionaries({"id": st.one_of(texts, json_values)}), json_values), max_size=4
)
# By question: what a worker may reply.
REPLIES: Mapping[str, st.SearchStrategy[Any]] = {
    "stats": st.one_of(stats, stats, errors, json_values),
    "registered": st.one_of(st.just(["execute_workload"]), st.lists(texts, max_size=3), errors, json_values),
    "active_queues": st.one_of(queues, st.just([{"name": "default"}]), errors, json_values),
    "active": st.one_of(tasks, errors, json_values),
}
names = st.one_of(st.sampled_from(["a@host", "b@host"]), texts, st.just("x" * (MAX_NAME_LENGTH + 1)))
rounds = st.lists(
    st.fixed_dictionaries(
        {command: st.dictionaries(names, reply, max_size=4) for command, reply in REPLIES.items()}
    ),
    min_size=1,
    max_size=3,
)


@fuzz(rounds)
def test_any_reply_leads_to_a_bounded_answer(replies_by_round: list[dict[str, dict[str, Any]]]) -> None:
    limit = LimitState(Calculation(32, "no worker has answered"), lambda _: None)
    cached: Mapping[str, CachedWorker] = {}
    for replies in replies_by_round:

        def ask(command: str, workers: Collection[str] = (), replies: Any = replies, **_: object) -> Any:
            return replies[command]

        inspection = Inspection(ask, cached)
        workers, active = inspection.query()
        cached = inspection.cached
        assert set(cached) <= set(replies["stats"])
        for worker in workers:
            assert_bounded(worker)
        for name, reason in inspection.invalid.items():
            assert (name + reason).isprintable()
            assert len(reason) <= 2 * MAX_REASON
        line = json.dumps({"workers": workers, "active": active, "invalid": inspection.invalid})
        answer = json.loads(line)
        limit.update([Worker(name, pool, tuple(queues)) for name, pool, queues in answer["workers"]], active)
        assert 1 <= limit.value <= max(32, len(limit.workers) * MAX_POOL)
        assert limit.calculation.why.isprintable()


def assert_bounded(worker: Worker) -> None:
    assert 0 <= worker.pool <= MAX_POOL
    assert len(worker.queues) <= MAX_QUEUES
    for name in (worker.name, *worker.queues):
        assert name.isprintable()
        assert len(name) <= MAX_NAME_LENGTH


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receive what is there, however long that takes on a busy machine."""
    monkeypatch.setattr(reply_mailbox, "MAX_ANSWER_SECONDS", 600.0)


def reply_mailbox_of(connection: Connection) -> Any:
    mailbox: Any = ReplyControl(Celery(set_as_current=False)).mailbox
    return mailbox(connection)


headers = st.dictionaries(
    st.sampled_from(["clock", "expires", "compression", "ticket", "x"]), json_values, max_size=3
)
content_types = st.sampled_from(
    ["application/json", "application/x-python-serialize", "application/x-yaml", "text/plain", "", "\n"]
)
bodies = st.one_of(st.binary(max_size=60), json_values.map(lambda value: json.dumps(value).encode()))


@fuzz(st.lists(st.tuples(bodies, headers, content_types), max_size=5))
def test_any_message_leaves_the_replies_of_others(messages: list[tuple[bytes, dict[str, Any], str]]) -> None:
    with Connection("memory://") as connection:
        mailbox = reply_mailbox_of(connection)
        queue = mailbox.reply_queue(connection.default_channel)
        queue.declare()
        with connection.channel() as channel:
            producer = Producer(channel, auto_declare=False)
            to = {
                "exchange": queue.exchange.name,
                "routing_key": queue.routing_key,
                "content_encoding": "utf-8",
            }
            for body, extra, content_type in messages:
                extra = {"ticket": "t", **extra}
                raw = channel.prepare_message(body, None, content_type, "utf-8", extra, {})
                channel.basic_publish(raw, queue.exchange.name, queue.routing_key)
            producer.publish({"a@host": 1}, headers={"ticket": "t"}, serializer="json", **to)
        replies = mailbox._collect("t", timeout=0.001)
        memory.Channel.queues.clear()
    assert {"a@host": 1} in replies
    assert len(replies) <= len(messages) + 1


def test_flood_of_replies_ends_in_time(monkeypatch: Any) -> None:
    monkeypatch.setattr(reply_mailbox, "MAX_REPLIES", 3)
    with Connection("memory://") as connection:
        mailbox = reply_mailbox_of(connection)
        queue = mailbox.reply_queue(connection.default_channel)
        queue.declare()
        producer = Producer(connection.default_channel, auto_declare=False)
        for number in range(10):
            to = {"exchange": queue.exchange.name, "routing_key": queue.routing_key}
            producer.publish({"a": number}, headers={"ticket": "t"}, serializer="json", **to)
        assert len(mailbox._collect("t", timeout=0.001)) == 3
