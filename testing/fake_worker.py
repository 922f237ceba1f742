"""A process that reaches the broker and replies to Celery's questions, with whatever a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from uuid import uuid4

from kombu.connection import Connection
from kombu.messaging import Producer
from kombu.pidbox import Mailbox

AIRFLOW_REPLIES: Mapping[str, Any] = {
    "stats": {"pid": 1, "pool": {"max-concurrency": 2, "processes": [1, 2]}},
    "registered": ["execute_workload"],
    "active_queues": [{"name": "default"}],
    "active": [],
}


class RawReply(NamedTuple):
    """A message instead of a reply; `headers` are added to the ticket that the question has."""

    body: bytes
    headers: Mapping[str, Any] = {}
    content_type: str = "application/json"


@contextmanager
def fake_worker(
    url: str, name: str, exchange: str = "celery", options: Mapping[str, Any] | None = None, **replies: Any
) -> Iterator[None]:
    """Run a worker whose replies differ from Airflow's by `replies`; RawReply in a list is sent as it is."""
    stop, ready = threading.Event(), threading.Event()

    def run() -> None:
        with Connection(url, transport_options=dict(options or {})) as connection:
            mailbox = Mailbox(exchange, type="fanout", accept=["json"], serializer="json")(connection)
            node = mailbox.Node(uuid4().hex, channel=connection.default_channel)
            answer = replier(connection, name, {**AIRFLOW_REPLIES, **replies})
            node.listen(callback=answer)
            # Redis hears of the subscription only now, and it keeps no question for later.
            with suppress(TimeoutError):
                connection.drain_events(timeout=0.1)
            ready.set()
            while not stop.is_set():
                try:
                    connection.drain_events(timeout=0.1)
                except TimeoutError:
                    continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(300)
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


def replier(
    connection: Connection, name: str, replies: Mapping[str, Any]
) -> Callable[[dict[str, Any], object], None]:
    """Return what replies to a question."""

    def answer(question: dict[str, Any], _: object) -> None:
        if question["destination"] and name not in question["destination"]:
            return
        if question["method"] not in replies:
            return  # a worker that does not reply
        reply = replies[question["method"]]
        with connection.channel() as channel:
            producer = Producer(channel, auto_declare=False)
            to = {
                "routing_key": question["reply_to"]["routing_key"],
                "exchange": question["reply_to"]["exchange"],
            }
            ticket = {"ticket": question["ticket"]}
            if isinstance(reply, list) and reply and isinstance(reply[0], RawReply):
                for raw in reply:
                    headers = {**ticket, **raw.headers}
                    producer.publish(
                        raw.body,
                        headers=headers,
                        content_type=raw.content_type,
                        content_encoding="utf-8",
                        **to,
                    )
            else:
                producer.publish({name: reply}, headers=ticket, serializer="json", **to)

    return answer
