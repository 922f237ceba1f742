"""Logs in to Redis with the operator's password and pings it.

Source: "Redis serialization protocol" in Redis's documentation.
"""

from __future__ import annotations

from entrypoint.probe_outcomes import LoginRefused, NoProbe, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.broker_settings import BrokerSettings
    from entrypoint.conversation import Conversation
    from entrypoint.endpoints import Endpoint

# By the first word of an error.
NOT_READY = {
    b"LOADING": "it is loading its data",
    b"MASTERDOWN": "it has no connection to its master",
    b"CLUSTERDOWN": "its cluster is down",
    b"BUSY": "it is busy with a script",
    b"MISCONF": "it cannot save its data",
    b"TRYAGAIN": "it asks to try again",
}
REFUSED = {
    b"NOAUTH": "it requires a password",
    b"WRONGPASS": "wrong user or password",
    b"DENIED": "it is in protected mode",
    b"ERR": "it does not take the password",
}
# An error ERR is about the login or the command if it has one of these words; a proxy's is about its server.
LOGIN_WORDS = (b"auth", b"password", b"permitted", b"command", b"argument", b"syntax", b"protocol")
TOO_MANY_CLIENTS = b"ERR max number of clients"
NO_PERMISSION = b"NOPERM"  # logged in, with rights of its own


def probe(conversation: Conversation, endpoint: Endpoint, settings: BrokerSettings) -> None:
    """Return if the server answers a ping after the login."""
    url = endpoint.url
    if (tls := settings.tls_options(url)) is not None:
        conversation.start_tls(tls, endpoint.host)
    log_in(conversation, url.user, url.password)
    conversation.send(command("PING"))
    check(conversation)


def log_in(conversation: Conversation, user: str, password: str) -> None:
    """Send the password, if there is one."""
    if password:
        conversation.send(command("AUTH", *filter(None, (user, password))))
        check(conversation)


def command(*words: str) -> bytes:
    """Return a command as an array of bulk strings."""
    encoded = [word.encode(errors="surrogateescape") for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)


def check(conversation: Conversation) -> None:
    """Read a reply. Raises the outcome for one that is not `+…`."""
    kind = conversation.read(1)
    if kind not in (b"+", b"-"):
        raise NoProbe("not Redis")
    text = conversation.read_line()
    if kind == b"-" and not text.startswith(NO_PERMISSION):
        raise outcome(text)


def outcome(error: bytes) -> Exception:
    """Return the outcome for an error reply, without its text.

    An unknown error is a proxy's that has no server yet, such as `no healthy upstream` (Envoy) or
    `ERR Connection refused` (twemproxy).
    """
    word = error.partition(b" ")[0]
    if error.startswith(TOO_MANY_CLIENTS):
        return NotReady("it has too many clients")
    if word in NOT_READY:
        return NotReady(f"{NOT_READY[word]} ({word.decode()})")
    if word in REFUSED and (word != b"ERR" or any(text in error.lower() for text in LOGIN_WORDS)):
        return LoginRefused(REFUSED[word])
    return NotReady("it answers with an unknown error, as a proxy without a server does")
