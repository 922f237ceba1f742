"""Sends replies to a question that were encoded beforehand, so that only the broker's own speed limits them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from kombu.utils.json import dumps

TICKET = "the ticket of a question"  # in an encoded reply
JSON = "application/json", "utf-8"
BATCH = 100  # messages that Redis gets at a time


class Sender(Protocol):
    """How replies reach a broker; `channel` is kombu's."""

    def encode(self, body: bytes) -> Any:
        """Return a message with this body, as `send` takes it."""

    def send(self, messages: Sequence[Any], queue: str, ticket: str) -> None:
        """Put the messages into the queue of a question with this ticket."""


class RedisSender:
    """Appends to the list that kombu has for a queue. Source: `_put` in kombu/transport/redis.py."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def encode(self, body: bytes) -> bytes:
        """Return the message as it is in the list."""
        message = self._channel.prepare_message(body, None, *JSON, {"ticket": TICKET})
        message["body"], encoding = self._channel.encode_body(body, self._channel.body_encoding)
        message["properties"] |= {"body_encoding": encoding, "delivery_tag": "1"}
        encoded: bytes = dumps(message).encode()
        return encoded

    def send(self, messages: Sequence[bytes], queue: str, ticket: str) -> None:
        """Append the messages to the list."""
        old, new = dumps(TICKET).encode(), dumps(ticket).encode()
        for batch in batches(messages):
            self._channel.client.lpush(queue, *(message.replace(old, new) for message in batch))


class AmqpSender:
    """Publishes to RabbitMQ's default exchange."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def encode(self, body: bytes) -> bytes:
        """Return the body."""
        return body

    def send(self, messages: Sequence[bytes], queue: str, ticket: str) -> None:
        """Publish the messages."""
        for body in messages:
            message = self._channel.prepare_message(body, None, *JSON, {"ticket": ticket})
            self._channel.basic_publish(message, "", queue)


# By kombu's driver type.
SENDERS: Mapping[str, Callable[[Any], Sender]] = {"redis": RedisSender, "amqp": AmqpSender}


def batches(messages: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    """Yield the messages, up to BATCH at a time."""
    return (messages[begin : begin + BATCH] for begin in range(0, len(messages), BATCH))
