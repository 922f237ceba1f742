"""Sends an HTTP request to a server in this container, at whatever address the server may listen on."""

from __future__ import annotations

import re
import socket
import ssl
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import NamedTuple

from astro_runtime_plugin.health.settings import UnhealthyError, UnknownHealthError

TIMEOUT_SECONDS = 5
MAX_BYTES = 1 << 20  # Airflow's health has some hundred bytes
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
# A server or what is before it answers, but not to us: to someone with a login, or elsewhere.
EVASIVE = (301, 302, 303, 307, 308, 401, 403)
CERTIFICATE_REQUIRED = re.compile("CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE")


class Server(NamedTuple):
    """Where a server listens: the text of its host and port options, which gunicorn and uvicorn read alike.

    The host is a name, an IPv4 or IPv6 address with or without brackets, or empty for every address; for gunicorn it
    may also be `tcp://HOST`, or `unix:PATH`, to which Airflow appends the port.
    """

    host: str
    port: str
    is_secure: bool

    @property
    def socket_path(self) -> str | None:
        """The path of a Unix socket; None for another address. Source: `parse_address` in gunicorn/util.py."""
        match = re.match(r"unix:(//)?(.*)", self.host)
        return f"{match[2]}:{self.port}" if match else None

    @property
    def address(self) -> str | None:
        """The host to connect to; None if the server listens on every address of this host."""
        host = re.sub(r"^tcp://|[\[\]]", "", self.host)
        try:
            parsed = ip_address(host)
        except ValueError:
            return host or None
        return LOOPBACK[parsed.version] if parsed.is_unspecified else host

    def __str__(self) -> str:
        """The beginning of a URL, such as `http://127.0.0.1:8080`."""
        address = self.address or LOOPBACK[4]
        host = self.socket_path or f"{f'[{address}]' if ':' in address else address}:{self.port}"
        return f"http{'s' if self.is_secure else ''}://{host}"

    def connect(self) -> socket.socket:
        """Return a connected socket. Raises OSError, or ValueError for a port that is not a number."""
        if self.socket_path:
            connected = socket.socket(socket.AF_UNIX)
            connected.settimeout(TIMEOUT_SECONDS)
            connected.connect(self.socket_path)
        else:
            connected = socket.create_connection((self.address, int(self.port)), TIMEOUT_SECONDS)  # type: ignore[arg-type]
        return tls_context().wrap_socket(connected) if self.is_secure else connected


def tls_context() -> ssl.SSLContext:
    """Return a context that accepts any certificate: it is for the host's name outside the container."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def http_get(server: Server, path: str, *, accepts_refusal: bool = False) -> bytes:
    """Return the response's body. Raises UnhealthyError without a response, and for a status of 400 and above.

    A refusal, such as a request to log in, is as good as any response if `accepts_refusal`; else it raises
    UnknownHealthError if it says that the server does not talk to us.
    """
    try:
        status, body = send_get(server, path)
    except (HTTPException, OSError, ValueError) as error:
        if isinstance(error, ssl.SSLError) and CERTIFICATE_REQUIRED.search(error.reason or ""):
            raise UnknownHealthError(f"{server} demands a client certificate") from None
        raise UnhealthyError(f"{server}{path} does not answer: {error}") from None
    if status in EVASIVE and not accepts_refusal:
        raise UnknownHealthError(f"{server}{path} answers with status {status}")
    if status >= (500 if accepts_refusal else 400):
        raise UnhealthyError(f"{server}{path} answers with status {status}")
    return body


def send_get(server: Server, path: str) -> tuple[int, bytes]:
    """Return status and body of the response."""
    connection = HTTPConnection("localhost")  # the value of the header `Host`
    try:
        connection.sock = server.connect()
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read(MAX_BYTES)
    finally:
        connection.close()
