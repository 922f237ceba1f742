"""The rules for the URLs of a provider: https, or http on this machine, for tests and sidecars."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlencode

from astro_runtime_plugin.options.urls import MAX_URL_LENGTH, split_url

FORBIDDEN = ' \\"<>'


def provider_url_problem(url: str) -> str:
    """Return what a provider's URL must be, as in `must begin with https://`; empty if it is one."""
    parts = split_url(url, FORBIDDEN)
    if (
        len(url) > MAX_URL_LENGTH
        or parts is None
        or not parts.hostname
        or parts.scheme not in ("http", "https")
    ):
        return "must be https://HOST/PATH"
    if "@" in parts.netloc or parts.fragment:
        return "must not contain a user name, a password or #"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "must begin with https://; http is for this machine alone"
    return ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def same_origin(first: SplitResult, second: SplitResult) -> bool:
    """Whether two URLs have the same scheme, host and port."""
    return (first.scheme, first.hostname, first.port) == (second.scheme, second.hostname, second.port)


def add_query(url: str, fields: dict[str, str]) -> str:
    """Return a URL with more fields in its query."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"
