"""HTTP requests to a provider: short, bounded, by the proxies and certificates of the environment."""

from __future__ import annotations

import encodings.idna  # noqa: F401 -- see below
import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

# A process that is forked while a thread imports a module waits for that import for ever, once it needs the module. So
# what httpx, the sockets and pyjwt import at their first use is imported before a thread uses them.
import certifi  # noqa: F401
import cryptography.hazmat.backends.openssl.backend  # noqa: F401
import httpcore  # noqa: F401
import httpx

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.urls import FORBIDDEN, same_origin
from astro_runtime_plugin.identity.tokens.bounded_json import parse_object
from astro_runtime_plugin.options.text import printable
from astro_runtime_plugin.options.urls import split_url, without_secrets
from astro_runtime_plugin.updates.download_error import DownloadError
from astro_runtime_plugin.updates.proxy_transport import ProxyTransport

MAX_BYTES = 256 * 1024
MAX_SECONDS = 8.0  # for a whole request
TIMEOUT = httpx.Timeout(5.0, connect=3.0)
MAX_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
BUSY = (408, 425, 429)
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "astro-runtime"}
_thread_local = threading.local()
_clients: dict[int, httpx.Client] = {}  # by process: connections must not be shared after a fork


class Reply(NamedTuple):
    """A provider's answer."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the JSON object. Raises ProviderError for anything else, such as a page of a proxy's."""
        try:
            return parse_object(self.body)
        except (ValueError, RecursionError):
            kind = printable(self.headers.get("content-type", "no content type"), 60)
            why = f"answered {self.status} with {kind} that is not the expected JSON"
            raise ProviderError(f"{without_secrets(self.url)} {why}", transient=True) from None


def fetch_json(url: str, headers: Mapping[str, str] | None = None) -> tuple[dict[str, Any], httpx.Headers]:
    """Return the JSON object at a URL, and the answer's headers. Raises ProviderError.

    Redirects are followed only within the same host.
    """
    for _ in range(MAX_REDIRECTS + 1):
        reply = send("GET", url, headers=headers)
        if reply.status not in REDIRECTS:
            break
        url = _redirect(reply)
    if reply.status != 200:
        transient = reply.status >= 500 or reply.status in BUSY
        raise ProviderError(f"{without_secrets(url)} answered {reply.status}", transient)
    return reply.document(), reply.headers


def send(
    method: str, url: str, fields: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Send a request, with fields as a form, and return the answer. Raises ProviderError."""
    place, end = without_secrets(url), time.monotonic() + MAX_SECONDS
    _thread_local.is_sending = True
    try:
        with _client().stream(method, url, data=fields, headers=headers) as response:
            return Reply(url, response.status_code, response.headers, _read(response, place, end))
    except DownloadError as error:
        raise ProviderError(f"{place} {error}") from None
    except httpx.TimeoutException:
        raise ProviderError(f"{place} does not answer in time", transient=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        why = printable(str(error) or type(error).__name__, 200)
        raise ProviderError(f"{place} cannot be reached: {why}", transient=True) from None
    finally:
        _thread_local.is_sending = False


def _client() -> httpx.Client:
    process = os.getpid()
    if process not in _clients:
        _clients.clear()  # a parent's
        _clients[process] = _new_client()
    return _clients[process]


def _new_client() -> httpx.Client:
    logging.getLogger("httpx").addFilter(_is_not_ours)
    return httpx.Client(transport=ProxyTransport(), timeout=TIMEOUT, headers=HEADERS, trust_env=False)


def _is_not_ours(_: logging.LogRecord) -> bool:
    """Whether a line of httpx's is of another request: ours would stand in the web server's log each few seconds."""
    return not getattr(_thread_local, "is_sending", False)


def _read(response: httpx.Response, place: str, end: float) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ProviderError(f"{place} sends a compressed answer that was not asked for", transient=True)
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > MAX_BYTES:
            raise ProviderError(f"{place} sends more than {MAX_BYTES // 1024} KiB", transient=True)
        if time.monotonic() > end:
            raise ProviderError(f"{place} does not answer in time", transient=True)
    return bytes(body)


def _redirect(reply: Reply) -> str:
    place = without_secrets(reply.url)
    old, new = (split_url(url, FORBIDDEN) for url in (reply.url, _location(reply)))
    if old is None or new is None or not same_origin(old, new):
        raise ProviderError(f"{place} redirects to another host, which is not followed")
    return new.geturl()


def _location(reply: Reply) -> str:
    location = reply.headers.get("location", "")
    try:
        return urljoin(reply.url, location) if location else ""
    except ValueError:
        return ""
