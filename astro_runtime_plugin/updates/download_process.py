"""The child process that downloads the update document and writes one JSON object to stdout.

`fetch` starts it and asks for the document. A thread would not do, because the scheduler forks: a fork while a thread
resolves a host name, holds an OpenSSL lock or imports a module could hang. And only a process can be killed wherever
it hangs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from astro_runtime_plugin import child_process
from astro_runtime_plugin.updates.download_error import DownloadError

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
READ_SECONDS = 10.0  # between two chunks of the response
CHUNK_BYTES = 65536
MAX_REDIRECTS = 5
MAX_ETAG_LENGTH = 200  # characters
# A small compressed response could expand to a huge document.
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "astro-runtime"}

Result = dict[str, Any]


def download(url: str, etag: str | None, limit: int) -> Result:
    """Return `{"text": ..., "etag": ...}`, `{"same": True}`, or `{"failed": kind, "why": ...}`; `limit` is in bytes."""
    try:
        return SCHEMES[urlsplit(url).scheme](url, etag, limit)
    except DownloadError as error:
        return {"failed": error.kind, "why": str(error)}
    except Exception as error:  # its message could contain the URL, and with it a password
        return {"failed": "error", "why": f"cannot be fetched: {type(error).__name__}"}


def _read_file(url: str, etag: str | None, limit: int) -> Result:
    path = url2pathname(urlsplit(url).path)
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise DownloadError("file", "is not a regular file")
        new_etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        if new_etag == etag:
            return {"same": True}
        with open(path, "rb") as file:
            return {"text": _decode(iter(lambda: file.read(CHUNK_BYTES), b""), limit), "etag": new_etag}
    except OSError as error:
        raise DownloadError("file", f"cannot be read: {error.strerror}") from error


def _read_http(url: str, etag: str | None, limit: int) -> Result:
    import httpx

    from astro_runtime_plugin.updates.proxy_transport import ProxyTransport

    headers = HEADERS | ({"If-None-Match": etag} if etag else {})
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            httpx.Client(headers=headers, timeout=timeout, transport=ProxyTransport()) as client,
            closing(_send(client, client.build_request("GET", url))) as response,
        ):
            return _read_response(response, etag, limit)
    except httpx.TimeoutException as error:
        raise DownloadError("time-out", "cannot be fetched: the server is too slow") from error
    except httpx.TransportError as error:
        raise DownloadError("connection", f"cannot be fetched: {error or type(error).__name__}") from error


def _send(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send a request and follow its redirects without reading their bodies; httpx itself would read them to the end."""
    for _ in range(MAX_REDIRECTS + 1):
        if request.url.scheme not in ("http", "https"):
            raise DownloadError("redirect", "is redirected to a URL that is neither http nor https")
        response = client.send(request, stream=True)
        if response.next_request is None:
            return response
        response.close()
        if request.url.scheme == "https" and response.next_request.url.scheme != "https":
            raise DownloadError("redirect", "is redirected from https to a URL that is not https")
        request = response.next_request
    raise DownloadError("redirect", f"is redirected more than {MAX_REDIRECTS} times")


def _read_response(response: httpx.Response, etag: str | None, limit: int) -> Result:
    if etag and response.status_code == 304:
        return {"same": True}
    if response.status_code != 200:
        raise DownloadError("status", f"cannot be fetched: the server responds with {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise DownloadError("document", "is compressed, although it was requested uncompressed")
    new_etag = response.headers.get("ETag", "")
    usable = new_etag.isascii() and new_etag.isprintable() and len(new_etag) <= MAX_ETAG_LENGTH
    return {"text": _decode(response.iter_raw(), limit), "etag": new_etag if new_etag and usable else None}


def _decode(chunks: Iterable[bytes], limit: int) -> str:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise DownloadError("size", f"is larger than {limit} bytes")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DownloadError("document", "is not UTF-8 text") from error


SCHEMES = {"http": _read_http, "https": _read_http, "file": _read_file}


def main() -> None:
    """Answer the question of `fetch`: a dict with `url`, `etag`, `limit` in bytes and `seconds`."""
    question = child_process.read_question()
    with child_process.time_limit(question["seconds"]):
        child_process.answer(download(question["url"], question["etag"], question["limit"]))
