"""PORT: a valid port number that is free on this machine."""

from __future__ import annotations

import errno
import os
import socket

from entrypoint.errors import UNAVAILABLE, StartError, bad_value

# A browser may use either for localhost; a machine need not have IPv6.
LOCALHOST = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def parse_port(text: str) -> int:
    """Return `text` as a port number; raises StartError if it is not one."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise bad_value("PORT", text, "a whole number from 1 to 65535, as in: make run PORT=8099")
    return int(text)


def check_port(port: int) -> None:
    """Raise StartError if the api-server could not listen on `port`."""
    for family, host in LOCALHOST:
        try:
            socket.create_server((host, port), family=family).close()
        except OSError as error:
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                alternative = port + 1 if 1024 <= port < 65535 else 8099
                raise StartError(
                    f"port {port} cannot be used ({os.strerror(error.errno or 0)});"
                    f" choose another: make run PORT={alternative}",
                    UNAVAILABLE,
                ) from error
