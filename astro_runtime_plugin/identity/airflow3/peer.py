"""The address of the peer that sent a request, before uvicorn replaces it by X-Forwarded-For."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from astro_runtime_plugin.identity.settings import Network

PEER = "astro_runtime.peer"  # in the request's scope; no header can set it
_MARK = "_astro_runtime_notes_peer"


def note_peers() -> None:
    """Have `airflow api-server --proxy-headers` note the peer of each request."""
    if hasattr(ProxyHeadersMiddleware, _MARK):
        return
    replace: Callable[..., Awaitable[None]] = ProxyHeadersMiddleware.__call__

    async def note_and_replace(self: Any, scope: Any, receive: Any, send: Any) -> None:
        scope[PEER] = scope.get("client")
        await replace(self, scope, receive, send)

    ProxyHeadersMiddleware.__call__ = note_and_replace  # type: ignore[method-assign, assignment]
    setattr(ProxyHeadersMiddleware, _MARK, True)


def is_from(scope: Any, networks: Sequence[Network]) -> bool:
    """Whether the peer of a request is in one of the networks."""
    peer = scope[PEER] if PEER in scope else scope.get("client")
    try:
        address = ip_address(peer[0])
    except (TypeError, ValueError, IndexError):
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
