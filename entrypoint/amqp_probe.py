"""Opens AMQP 0-9-1 as far as RabbitMQ's first answer, Connection.Start, which it gives once it is up.

Source: sections 2.2.4 and 4.2.2 of the specification of AMQP 0-9-1.
"""

from __future__ import annotations

from entrypoint.probe_outcomes import NoProbe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.broker_settings import BrokerSettings
    from entrypoint.conversation import Conversation
    from entrypoint.endpoints import Endpoint

HEADER = b"AMQP\0\0\x09\x01"
METHOD_FRAME = 1
CONNECTION_START = (10).to_bytes(2, "big") * 2  # class and method


def probe(conversation: Conversation, endpoint: Endpoint, settings: BrokerSettings) -> None:
    """Return if the server starts a connection. No password is sent, so nothing is verified under TLS."""
    if (tls := settings.tls_options(endpoint.url)) is not None:
        conversation.start_tls({**tls, "verify": "none"}, endpoint.host)
    conversation.send(HEADER)
    # Type, channel, size; a server of another version answers with its own header.
    frame = conversation.read(7)
    if frame[0] != METHOD_FRAME or conversation.read(4) != CONNECTION_START:
        raise NoProbe("not AMQP 0-9-1")
