"""Reads MySQL's or MariaDB's first packet: a greeting if it takes logins, else an error.

Source: "Connection Phase" in MySQL's and MariaDB's documentation of the protocol.
"""

from __future__ import annotations

from entrypoint.probe_outcomes import LoginRefused, NoProbe, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.broker_settings import BrokerSettings
    from entrypoint.conversation import Conversation
    from entrypoint.endpoints import Endpoint

GREETINGS = (9, 10)  # the versions of the protocol
ERROR = 255
REFUSED = {
    1043: "it does not take the handshake",
    1044: "the user has no access to the database",
    1045: "wrong user or password",
    1049: "unknown database",
    1130: "it does not take connections from this host",
    1698: "wrong user or password",
}
NOT_READY = {
    1037: "it has no memory left",
    1040: "it has too many connections",
    1041: "it has no memory left",
    1047: "the node of the cluster is not ready",
    1053: "it is shutting down",
    1129: "it blocks this host after too many failed connections",
    1135: "it cannot create a thread",
    1203: "the user has too many connections",
    1226: "the user has too many connections",
    2002: "the proxy has no connection to its server",
    2003: "the proxy has no connection to its server",
    2013: "the proxy has no connection to its server",
    9001: "the proxy has no connection to its server",  # ProxySQL
}


def probe(conversation: Conversation, endpoint: Endpoint, settings: BrokerSettings | None) -> None:
    """Return if the server greets. The server speaks first, so the probe sends nothing."""
    header = conversation.read(4)
    if int.from_bytes(header[:3], "little") < 3:
        raise NoProbe("not MySQL")
    kind, *rest = conversation.read(3)
    if kind == ERROR:
        raise outcome(int.from_bytes(bytes(rest), "little"))
    if kind not in GREETINGS:
        raise NoProbe("not MySQL")


def outcome(code: int) -> Exception:
    """Return the outcome for an error before any login. An unknown one is a proxy's, of which each has its own."""
    if code in REFUSED:
        return LoginRefused(f"{REFUSED[code]} (error {code})")
    return NotReady(f"{NOT_READY.get(code, 'it takes no connection')} (error {code})")
