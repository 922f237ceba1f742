"""Sends each request of the download directly or through a proxy, as the environment says.

httpx reads the same variables, but refuses an address range such as `NO_PROXY=fd00::/8`, which other programs accept.
"""

from __future__ import annotations

import os
import re
import ssl
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from astro_runtime_plugin.updates.download_error import DownloadError

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
KEY_LOG = "SSLKEYLOGFILE"


class ProxyTransport(httpx.BaseTransport):
    """A transport that follows HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, each in capitals or not."""

    def __init__(self) -> None:
        """Raises DownloadError if the environment names certificates or a key log that cannot be opened."""
        self._proxies = getproxies()
        self._certificates = _read_certificates()
        self._transports: dict[str | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises DownloadError for a variable that does not name a proxy."""
        name = _proxy_name(request.url, self._proxies)
        if name not in self._transports:
            self._transports[name] = self._create_transport(name)
        return self._transports[name].handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            transport.close()

    def _create_transport(self, name: str | None) -> httpx.HTTPTransport:
        if name is None:
            return httpx.HTTPTransport(verify=self._certificates)
        url = self._proxies[name]
        try:
            proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
            return httpx.HTTPTransport(verify=self._certificates, proxy=proxy)
        except (httpx.InvalidURL, ValueError, ImportError):  # its message could contain a password
            why = f"cannot be fetched: {name.upper()}_PROXY is not the URL of a proxy that can be used"
            raise DownloadError("proxy", why) from None


def _read_certificates() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        if error.filename and error.filename == os.environ.get(KEY_LOG):  # Python opens it for each context
            why = f"cannot be fetched: the file of {KEY_LOG} cannot be written"
            raise DownloadError("key log", why) from error
        origin = next((name for name in CERTIFICATES if os.environ.get(name)), "certifi")  # httpx's order
        why = f"cannot be fetched: the certificates of {origin} cannot be read"
        raise DownloadError("certificates", why) from error


def _proxy_name(url: httpx.URL, proxies: dict[str, str]) -> str | None:
    """Return the name in `proxies` of the proxy for a URL; None for a direct connection."""
    if is_direct(url.host, url.port or {"https": 443}.get(url.scheme, 80), proxies.get("no", "")):
        return None
    return next((name for name in (url.scheme, "all") if proxies.get(name)), None)


def is_direct(host: str, port: int, no_proxy: str) -> bool:
    """Whether NO_PROXY names a host: by `*`, name, domain, address or address range, each but the range with a port."""
    entries = re.split(r"[,\s]+", no_proxy.lower())
    return any(entry == "*" or _matches(entry, host.lower(), port) for entry in entries if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    entry = entry.rpartition("//")[2]
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # one of them is a name, or has a port
        return _names(entry, host, port)


def _names(entry: str, host: str, port: int) -> bool:
    try:
        parts = urlsplit(f"//{entry}")
        name, entry_port = (parts.hostname or "").lstrip("*."), parts.port
    except ValueError:
        return False
    return bool(name) and entry_port in (None, port) and (host == name or host.endswith(f".{name}"))
