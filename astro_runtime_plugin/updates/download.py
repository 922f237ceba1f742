"""The process that fetches the update document and writes one JSON object on stdout.

A child process, started by `fetch`, because the scheduler forks: a fork while a thread of its own looked up a name,
held one of OpenSSL's locks or imported a module could hang. And only a process can be ended wherever it hangs.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from astro_runtime_plugin import child_process

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
READ_SECONDS = 10.0  # between two pieces of the answer
REDIRECTS = 5
MAX_ETAG_LENGTH = 200  # characters
# Compressed, a small answer could become a large document.
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "astro-runtime"}

Answer = dict[str, Any]


class Failure(Exception):  # noqa: N818 - its answer is no error of this process
    """Why there is no document: `kind` is a word, `str()` of it goes on where "the update document" was said."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


def download(url: str, etag: str | None, limit: int) -> Answer:
    """Return `{"text": ..., "etag": ...}`, `{"same": True}`, or `{"failed": kind, "why": ...}`; `limit` is in bytes."""
    try:
        return SCHEMES[urlsplit(url).scheme](url, etag, limit)
    except Failure as failure:
        return {"failed": failure.kind, "why": str(failure)}
    except Exception as error:  # its text could hold the URL, and with it a password
        return {"failed": "error", "why": f"cannot be fetched: {type(error).__name__}"}


def _file(url: str, etag: str | None, limit: int) -> Answer:
    path = url2pathname(urlsplit(url).path)
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise Failure("file", "is not a file")
        mark = f"{found.st_mtime_ns:x}-{found.st_size:x}"
        if mark == etag:
            return {"same": True}
        with open(path, "rb") as file:
            return {"text": _text(iter(lambda: file.read(65536), b""), limit), "etag": mark}
    except OSError as error:
        raise Failure("file", f"cannot be read: {error.strerror}") from error


def _http(url: str, etag: str | None, limit: int) -> Answer:
    import httpx

    headers = HEADERS | ({"If-None-Match": etag} if etag else {})
    try:
        with (
            httpx.Client(
                headers=headers, timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
            ) as client,
            closing(_follow(client, client.build_request("GET", url))) as response,
        ):
            return _answer(response, etag, limit)
    except httpx.TimeoutException as error:
        raise Failure("time-out", "does not come: the server is too slow") from error
    except httpx.TransportError as error:
        raise Failure("connection", f"cannot be fetched: {error or type(error).__name__}") from error


def _follow(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Follow redirects without reading their bodies, which httpx itself would do to their ends."""
    for _ in range(REDIRECTS + 1):
        if request.url.scheme not in ("http", "https"):
            raise Failure("redirect", "is redirected to what is neither http nor https")
        response = client.send(request, stream=True)
        if response.next_request is None:
            return response
        response.close()
        request = response.next_request
    raise Failure("redirect", f"is redirected more than {REDIRECTS} times")


def _answer(response: httpx.Response, etag: str | None, limit: int) -> Answer:
    if etag and response.status_code == 304:
        return {"same": True}
    if response.status_code != 200:
        raise Failure("status", f"cannot be fetched: the server answers {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Failure("document", "comes compressed, which was not asked for")
    mark = response.headers.get("ETag", "")
    usable = mark.isascii() and mark.isprintable() and len(mark) <= MAX_ETAG_LENGTH
    return {"text": _text(response.iter_raw(), limit), "etag": mark if mark and usable else None}


def _text(chunks: Any, limit: int) -> str:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise Failure("size", f"is larger than {limit} bytes")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure("document", "is no UTF-8 text") from error


SCHEMES = {"http": _http, "https": _http, "file": _file}


def main() -> None:
    """Answer the question of `fetch`: a dict with `url`, `etag`, `limit` in bytes and `seconds`."""
    question = child_process.read_question()
    with child_process.time_limit(question["seconds"]):
        child_process.answer(download(question["url"], question["etag"], question["limit"]))
