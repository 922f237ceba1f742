"""The queues of a broker: which messages wait there, and which workers there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from kombu.utils.json import dumps

from astro_runtime_plugin.parallelism.replies import InvalidReplyError, read_queues

MAX_MESSAGES = 2_000  # in the queues of the tasks; more are not read, since workers are just busy then
CHUNK = 500  # messages that are read at once
Queues = Mapping[str, Collection[str]]  # the Celery ids of tasks by queue
Ask = Callable[[str], Mapping[str, Any]]  # returns the replies to a question by worker


class UncertainError(Exception):
    """It cannot be known whether a message is lost."""


class Redis:
    """Queues that are lists of readable messages.

    A message that a worker has taken is not in them. If that worker is gone, Redis's clients put it back only after
    the visibility timeout: a day. So it counts as waiting nowhere. Redis tells how many clients have got a question:
    each of them must reply.
    """

    def __init__(self, connection: Any) -> None:
        self._channel = connection.default_channel
        self._receivers = 0
        self._channel._put_fanout = self._send_question

    def _send_question(self, exchange: str, message: Any, routing_key: str, **_: object) -> None:
        """Send a question and count who gets it. Source: the method of the same name in kombu/transport/redis.py."""
        topics = self._channel._get_publish_topics(exchange, routing_key)
        self._receivers = sum(self._channel.client.publish(topic, dumps(message)) for topic in topics)

    def waiting(self, queues: Queues) -> set[str]:
        """Return the ids of the messages in the queues. Raises UncertainError if they cannot all be read."""
        lists = [
            self._channel._q_for_pri(name, priority)
            for name in queues
            for priority in self._channel.priority_steps
        ]
        if sum(self._channel.client.llen(key) for key in lists) > MAX_MESSAGES:
            raise UncertainError
        return {message_id(message) for key in lists for message in self._messages(key)}

    def _messages(self, key: str) -> Iterator[bytes]:
        """Yield the messages of a list. They are added at its left end and taken from its right end.

        What is added meanwhile moves the others to the right, so that one may come twice, but none is left out.
        """
        expected = self._channel.client.llen(key)
        # kombu puts the operator's prefix before the key of LLEN, but not of LRANGE, which it does not use.
        name, read = f"{self._channel.global_keyprefix}{key}", 0
        while chunk := self._channel.client.lrange(name, read, read + CHUNK - 1):
            yield from chunk
            read += len(chunk)
            if read > MAX_MESSAGES:
                raise UncertainError
        if expected and not read:
            raise UncertainError

    def workers(self, ask: Ask, queues: Iterable[str]) -> Collection[str]:
        """Return the names of the workers. Raises UncertainError unless each client that gets a question replies."""
        replies = ask("ping")
        if len(replies) < self._receivers:
            raise UncertainError
        return replies.keys()


class Amqp:
    """Queues of which only the number of messages and of consumers is known; those of RabbitMQ.

    A message that no consumer has is in its queue.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def waiting(self, queues: Queues) -> set[str]:
        """Return the ids of the tasks whose queues are not empty."""
        return {celery_id for name, ids in queues.items() if self._count(name)[0] for celery_id in ids}

    def _count(self, name: str) -> tuple[int, int]:
        """Return the number of messages and of consumers; RabbitMQ closes the channel if there is no such queue."""
        from amqp.exceptions import NotFound  # type: ignore[import-untyped]

        try:
            with self._connection.channel() as channel:
                queue = channel.queue_declare(name, passive=True)
                return queue.message_count, queue.consumer_count
        except NotFound:
            return 0, 0

    def workers(self, ask: Ask, queues: Iterable[str]) -> Collection[str]:
        """Return the names of the workers. Raises UncertainError unless they are all consumers of the queues."""
        replies = ask("active_queues")
        try:
            names = [name for reply in replies.values() for name in read_queues(reply)]
        except InvalidReplyError:
            raise UncertainError from None
        if any(names.count(name) < self._count(name)[1] for name in queues):
            raise UncertainError
        return replies.keys()


BROKERS: Mapping[str, Callable[[Any], Redis | Amqp]] = {"redis": Redis, "amqp": Amqp}


def message_id(message: bytes) -> str:
    """Return the Celery id in a message. Raises UncertainError if it has none."""
    try:
        return str(json.loads(message)["headers"]["id"])
    except (ValueError, LookupError, TypeError):
        raise UncertainError from None
