"""Logs in to PostgreSQL, or to a pooler before it, with the operator's credentials, until it is known to serve.

Source: "Frontend/Backend Protocol" in PostgreSQL's documentation.
"""

from __future__ import annotations

from entrypoint.postgresql_errors import outcome
from entrypoint.probe_outcomes import LoginRefused, NoProbe, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from entrypoint.broker_settings import BrokerSettings
    from entrypoint.conversation import Conversation
    from entrypoint.endpoints import Endpoint
    from entrypoint.url_parts import UrlParts

PROTOCOL = (3 << 16).to_bytes(4, "big")
SSL_REQUEST = (80877103).to_bytes(4, "big")
OK, CLEARTEXT, MD5, SASL, SASL_CONTINUE, SASL_FINAL = 0, 3, 5, 10, 11, 12  # AuthenticationRequest
# The messages of a session's start and of a query, by their first byte: Authentication to ReadyForQuery.
MESSAGES = frozenset((b"R", b"S", b"K", b"v", b"N", b"A", b"E", b"T", b"D", b"C", b"Z"))
PRIMARY = ("read-write", "primary")  # values of target_session_attrs
# A longer error is the text that a server sends if it cannot start a process (libpq).
MAX_LEGACY_LENGTH = 30_000


def probe(conversation: Conversation, endpoint: Endpoint, settings: BrokerSettings | None = None) -> None:
    """Return once the server runs a query, or asks for a password that the URL does not contain."""
    url = endpoint.url
    if endpoint.port:
        _start_tls(conversation, url, endpoint.name)
    user = url.option("user") or url.user or _system_user()
    database = url.option("dbname") or url.path or user
    names = b"".join(_encode(text) + b"\0" for text in ("user", user, "database", database))
    conversation.send(_framed(PROTOCOL + names + b"\0"))
    _read_until_ready(conversation, url, user)
    # A pooler logs a client in without a server; it needs one for a query.
    conversation.send(b"Q" + _framed(b"SELECT 1\0"))
    _read_until_ready(conversation, url, user)
    conversation.send(b"X" + _framed(b""))


def _system_user() -> str:
    import os
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise NoProbe("no user") from None


def _encode(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _framed(body: bytes) -> bytes:
    return (len(body) + 4).to_bytes(4, "big") + body


def _start_tls(conversation: Conversation, url: UrlParts, host: str) -> None:
    """Ask for TLS unless sslmode rules it out, as libpq does; its default takes TLS where the server has it."""
    mode = url.option("sslmode") or url.option("ssl") or "prefer"
    if mode in ("disable", "allow"):
        return
    if url.option("sslnegotiation") != "direct":
        conversation.send(_framed(SSL_REQUEST))
        answer = conversation.read(1)
        if answer == b"N" and mode == "prefer":
            return
        if answer == b"N":
            raise LoginRefused("it has no TLS, and sslmode requires it")
        if answer == b"E":
            raise outcome(_read_body(conversation, answer))
        if answer != b"S":
            raise NoProbe("not PostgreSQL")
    conversation.start_tls(_tls_options(url, mode), host)


def _tls_options(url: UrlParts, mode: str) -> dict[str, str]:
    verify = {"verify-full": "host", "verify-ca": "chain"}.get(
        mode, "chain" if url.option("sslrootcert") else "none"
    )
    names = {"ca": "sslrootcert", "certificate": "sslcert", "key": "sslkey", "password": "sslpassword"}
    options = {name: url.option(option) for name, option in names.items()}
    if options["ca"] == "system":
        options["ca"], verify = "", "host"
    return {**options, "verify": verify, "alpn": "postgresql"}


def _read_body(conversation: Conversation, kind: bytes) -> bytes:
    length = int.from_bytes(conversation.read(4), "big")
    if kind == b"E" and length > MAX_LEGACY_LENGTH:
        raise NotReady("it cannot start a session")
    if length < 4:
        raise NoProbe("not PostgreSQL")
    return conversation.read(length - 4)


def _read_until_ready(conversation: Conversation, url: UrlParts, user: str) -> None:
    """Read messages up to ReadyForQuery, and authenticate where the server asks for it."""
    while True:
        kind = conversation.read(1)
        if kind not in MESSAGES:
            raise NoProbe("not PostgreSQL")
        body = _read_body(conversation, kind)
        if kind == b"Z":
            return
        if kind == b"E":
            raise outcome(body)
        if kind == b"R":
            _authenticate(conversation, body, url.option("password") or url.password, user)
        elif kind == b"S":
            _check_status(body, url)


def _check_status(body: bytes, url: UrlParts) -> None:
    """Wait for a primary if the URL demands one: during a failover only standbys may answer."""
    if body == b"in_hot_standby\0on\0" and url.option("target_session_attrs") in PRIMARY:
        raise NotReady("it is a standby, and target_session_attrs requires a primary")


def _authenticate(conversation: Conversation, body: bytes, password: str, user: str) -> None:
    method, data = int.from_bytes(body[:4], "big"), body[4:]
    if method in (OK, SASL_FINAL):
        return
    if not password:
        raise NoProbe("no password in the URL")
    if method == CLEARTEXT:
        conversation.send(b"p" + _framed(_encode(password) + b"\0"))
    elif method == MD5:
        conversation.send(b"p" + _framed(_md5(password, user, data[:4]) + b"\0"))
    elif method == SASL:
        _authenticate_with_scram(conversation, data, password)
    else:
        raise NoProbe("another authentication method")


def _md5(password: str, user: str, salt: bytes) -> bytes:
    from hashlib import md5

    inner = md5(_encode(password + user), usedforsecurity=False).hexdigest().encode()
    return b"md5" + md5(inner + salt, usedforsecurity=False).hexdigest().encode()


def _authenticate_with_scram(conversation: Conversation, mechanisms: bytes, password: str) -> None:
    from entrypoint.scram import MECHANISM, ScramClient

    if MECHANISM not in mechanisms.split(b"\0"):
        raise NoProbe("another authentication method")
    client = ScramClient(password)
    conversation.send(b"p" + _framed(MECHANISM + b"\0" + _framed_text(client.first)))
    kind = conversation.read(1)
    body = _read_body(conversation, kind)
    if kind == b"E":
        raise outcome(body)
    if kind != b"R" or int.from_bytes(body[:4], "big") != SASL_CONTINUE:
        raise NoProbe("not PostgreSQL")
    conversation.send(b"p" + _framed(client.final(body[4:])))


def _framed_text(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text
