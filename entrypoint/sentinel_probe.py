"""Asks Redis's Sentinel for the master, and probes that.

Source: "Sentinel API" in Redis's documentation.
"""

from __future__ import annotations

from entrypoint import redis_probe
from entrypoint.conversation import Conversation
from entrypoint.endpoints import Endpoint
from entrypoint.probe_outcomes import NoProbe, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.broker_settings import BrokerSettings

MAX_FIELD = 255  # bytes of a host or a port


def probe(conversation: Conversation, endpoint: Endpoint, settings: BrokerSettings) -> None:
    """Return if the master that this Sentinel names answers a ping after the login."""
    if (tls := settings.sentinel_tls_options()) is not None:
        conversation.start_tls(tls, endpoint.host)
    user, password = (str(settings.sentinel.get(name) or "") for name in ("username", "password"))
    redis_probe.log_in(conversation, user, password)
    if not settings.master_name:
        raise NoProbe("no master_name")
    conversation.send(redis_probe.command("SENTINEL", "get-master-addr-by-name", settings.master_name))
    host, port = _read_address(conversation)
    try:
        with Conversation(Endpoint(host, port, endpoint.url)) as master:
            redis_probe.probe(master, endpoint, settings)
    except OSError:
        raise NotReady("the master that it names is not reachable") from None
    except NotReady as state:
        raise NotReady(f"the master that it names is not ready: {state}") from None


def _read_address(conversation: Conversation) -> tuple[str, int]:
    """Read an array of a host and a port, or nothing if there is no master."""
    kind, count = conversation.read(1), conversation.read_line()
    if kind == b"-":
        raise redis_probe.outcome(count)
    if kind in (b"*", b"_") and count in (b"-1", b""):
        raise NotReady("it does not know a master of the name in master_name")
    if (kind, count) != (b"*", b"2"):
        raise NoProbe("not Sentinel")
    host, port = _read_field(conversation), _read_field(conversation)
    if not (host and port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise NoProbe("not Sentinel")
    return host, int(port)


def _read_field(conversation: Conversation) -> str:
    """Read a bulk string."""
    kind, length = conversation.read(1), conversation.read_line()
    if kind != b"$" or not length.isdigit() or len(length) > 3 or int(length) > MAX_FIELD:
        raise NoProbe("not Sentinel")
    return conversation.read(int(length) + 2)[:-2].decode("ascii", "replace")
