"""PORT: a number that can be a port, and one that is free."""

from __future__ import annotations

import errno
import socket

from entrypoint.errors import UNAVAILABLE, StartError, bad_value

# A browser may take localhost for either; the second need not exist.
LOCALHOST = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def read(text: str) -> int:
    """Return the port that `text` names; raises StartError where it names none."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise bad_value("PORT", text, "a whole number from 1 to 65535, as in: make run PORT=8099")
    return int(text)


def check_free(port: int) -> None:
    """Raise StartError where the api-server could not listen on `port`."""
    for family, host in LOCALHOST:
        try:
            with socket.socket(family) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, port))
        except OSError as error:
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                raise StartError(
                    f"port {port} cannot be used ({error.strerror}); choose another: make run PORT={other(port)}",
                    UNAVAILABLE,
                ) from error


def other(port: int) -> int:
    """Return a port worth trying in place of `port`."""
    return port + 1 if 1024 <= port < 65535 else 8099
