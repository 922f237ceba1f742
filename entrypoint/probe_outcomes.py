"""What a probe can find out about a server beside "it takes a login", which is a normal return."""

from __future__ import annotations

CLOSED = "it closes the connection without an answer"
SILENT = "it accepts the connection, but does not answer"


class NotReady(Exception):  # noqa: N818 - a state to wait for, not an error
    """The server does not take logins yet; `str()` says why, without a word of the server's own."""


class LoginRefused(Exception):  # noqa: N818
    """The server is up and refuses this login, which waiting does not change; `str()` says why."""


class NoProbe(Exception):  # noqa: N818
    """The server is reachable, and the probe cannot find out more: another protocol, method or certificate."""
