"""Sends questions to Celery workers and collects their replies, whatever comes with them.

Kombu's own mailbox fails for a message that is no reply, waits as long as replies keep coming, and decodes any size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from celery import Celery
from celery.app.control import Control
from kombu.messaging import Consumer
from kombu.pidbox import Mailbox

from astro_runtime_plugin.parallelism.bounds import (
    MAX_DESTINATIONS,
    MAX_REPLIES,
    MAX_REPLY_BYTES,
    MAX_UNREADABLE,
)

ANSWER_SECONDS = 1.5  # how long a question waits for the next reply
MAX_ANSWER_SECONDS = 6.0  # how long it waits for all of them
# After which RabbitMQ deletes an unused reply queue for which the operator set no time.
REPLY_QUEUE_SECONDS = 60.0


class ReplyMailbox(Mailbox):
    """A mailbox that ignores what is no reply, and gives up waiting in time."""

    connection: Any

    def _collect(
        self,
        ticket: str,
        limit: int | None = None,
        timeout: float = ANSWER_SECONDS,
        callback: Callable[[Any], bool] | None = None,
        channel: Any = None,
        accept: Collection[str] | None = None,
    ) -> list[Any]:
        """Return the replies that `callback` wants, or all. Source: the method of the same name in kombu/pidbox.py."""
        channel = channel or self.connection.default_channel
        queue = self.reply_queue
        replies: list[Any] = []

        def on_message(message: Any) -> None:
            if message.headers.get("ticket") == ticket and len(message.body) <= MAX_REPLY_BYTES:
                reply = message.decode()
                if callback is None or callback(reply):
                    replies.append(reply)

        try:
            with Consumer(channel, [queue], accept=self.accept, no_ack=True, on_message=on_message):
                self._receive(replies, min(limit or MAX_REPLIES, MAX_REPLIES), timeout)
        finally:
            channel.after_reply_message_received(queue.name)
        return replies

    def _receive(self, replies: list[Any], limit: int, timeout: float) -> None:
        """Receive until there are `limit` replies or time is up. Raises the errors of the connection."""
        end, unreadable = time.monotonic() + MAX_ANSWER_SECONDS, 0
        while len(replies) < limit and time.monotonic() < end:
            try:
                self.connection.drain_events(timeout=timeout)
            except TimeoutError:
                return
            except (*self.connection.connection_errors, *self.connection.channel_errors):
                raise
            except Exception:  # whatever kombu raises for a message that it cannot read
                unreadable += 1
                if unreadable > MAX_UNREADABLE:
                    raise


class ReplyControl(Control):
    """Celery's remote control with that mailbox."""

    Mailbox = ReplyMailbox

    def __init__(self, app: Celery) -> None:
        super().__init__(app)
        self.mailbox.reply_queue_expires = self.mailbox.reply_queue_expires or REPLY_QUEUE_SECONDS

    def ask(self, command: str, workers: Collection[str] = (), **arguments: object) -> dict[str, Any]:
        """Return the replies by worker; a question to certain `workers` ends as soon as each has replied.

        If they are more than MAX_DESTINATIONS, all are asked, and the replies of the others are dropped. While such
        replies come, it goes on to wait for one that is missing, for up to MAX_ANSWER_SECONDS.
        """
        options: dict[str, Any] = {"limit": len(workers), "callback": replies_of(workers)} if workers else {}
        if 0 < len(workers) <= MAX_DESTINATIONS:
            options["destination"] = [*workers]
        replies = self.broadcast(command, arguments, reply=True, timeout=ANSWER_SECONDS, **options)
        return {name: reply for body in replies if isinstance(body, dict) for name, reply in body.items()}


def replies_of(workers: Collection[str]) -> Callable[[Any], bool]:
    """Return what tells whether a reply is that of one of the `workers`."""
    names = frozenset(workers)
    return lambda reply: isinstance(reply, dict) and not names.isdisjoint(reply)
