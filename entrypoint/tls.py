"""TLS for the probes, verified as strictly as the component's own connection: a probe sends the same password."""

from __future__ import annotations

import ssl

from entrypoint.probe_outcomes import CLOSED, NoProbe, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

NONE, CHAIN, HOST = "none", "chain", "host"  # how much of the server's certificate is verified


def wrap(connection: socket.socket, options: dict[str, str], host: str) -> ssl.SSLSocket:
    """Continue `connection` with TLS. Raises OSError, and NoProbe if `options` cannot be used.

    `options`: `verify` (NONE, CHAIN or HOST), `ca`, `certificate`, `key` (paths), `password` (of the key), `alpn`.
    """
    try:
        context = create_context(options)
    except (OSError, ValueError):
        raise NoProbe("the certificates cannot be used") from None
    try:
        return context.wrap_socket(connection, server_hostname=host or None)
    except ValueError:
        raise NoProbe("the host is no name for TLS") from None


def create_context(options: dict[str, str]) -> ssl.SSLContext:
    """Return a client's context for `options`. Raises OSError or ValueError if they cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    verify = options.get("verify", HOST)
    context.check_hostname = verify == HOST
    context.verify_mode = ssl.CERT_NONE if verify == NONE else ssl.CERT_REQUIRED
    if ca := options.get("ca"):
        context.load_verify_locations(ca)
    elif verify != NONE:
        context.load_default_certs()
    if certificate := options.get("certificate"):
        context.load_cert_chain(certificate, options.get("key") or None, options.get("password", ""))
    if alpn := options.get("alpn"):
        context.set_alpn_protocols([alpn])
    return context


def outcome(error: OSError) -> Exception:
    """Return the outcome for an error of a connection with TLS: a server that hangs up is waited for."""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return NotReady(CLOSED)
    return NoProbe("TLS fails") if isinstance(error, ssl.SSLError) else error
