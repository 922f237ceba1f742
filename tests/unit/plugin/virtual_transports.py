"""Transports of kombu's kind that cannot, or should not, be used for questions."""

from __future__ import annotations

from kombu.transport import memory, virtual


class WithoutFanout(memory.Transport):
    """Like that of Azure Service Bus."""

    implements = virtual.Transport.implements


class ChannelWithoutFanout(memory.Transport):
    """Claims more than its channel can do."""

    class Channel(memory.Channel):
        """A channel."""

        supports_fanout = False


class PubSub(memory.Transport):
    """Like that of Google Pub/Sub, whose subscriptions stay."""

    driver_type = "gcpubsub"
