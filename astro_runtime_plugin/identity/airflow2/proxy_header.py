"""The header of the trusted proxy: it counts only in requests that the proxy itself sent."""

from __future__ import annotations

from ipaddress import ip_address

from flask import Request

from astro_runtime_plugin.identity.airflow2.peer_address import PEER
from astro_runtime_plugin.identity.requests import bearer_token
from astro_runtime_plugin.identity.settings import IdentitySettings


def proxy_token(request: Request, settings: IdentitySettings) -> str:
    """Return the token that the trusted proxy has set; empty for a request of anybody else."""
    if not settings.proxy_jwt_header or not is_proxy(request.environ.get(PEER, ""), settings):
        return ""
    value = request.headers.get(settings.proxy_jwt_header, "")
    return bearer_token(value) or value.strip()


def is_proxy(peer: str, settings: IdentitySettings) -> bool:
    """Whether an address of a peer is the trusted proxy's."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:  # a Unix socket has none
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in settings.proxy_addresses)
