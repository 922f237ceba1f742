"""A real HTTP server that answers well, badly, slowly or without end, and knows what it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from testing.update_documents import REAL


class Handler(BaseHTTPRequestHandler):
    """Answers as `how[path]` says; what has no such row is not found."""

    server: UpdateServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        how = self.server.how.get(self.path.partition("?")[0], not_found)
        try:
            how(self)
        except OSError:
            pass  # who asks has gone

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


How = Callable[[Handler], None]


class UpdateServer(ThreadingHTTPServer):
    """`document` is what `/document` answers; `asked` are the requests, each with path and headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.document = REAL.encode()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.how: dict[str, How] = dict(HOW)
        self.stopped = threading.Event()

    def url(self, path: str, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.server_address[1]}{path}"

    @property
    def etag(self) -> str:
        return f'"{sha256(self.document).hexdigest()[:16]}"'


def document(handler: Handler) -> None:
    server = handler.server
    if handler.headers.get("If-None-Match") == server.etag:
        handler.say(304, ETag=server.etag)
    else:
        handler.say(200, server.document, ETag=server.etag)


def not_found(handler: Handler) -> None:
    handler.say(404)


def drip(handler: Handler) -> None:
    """Send a header that never ends, a byte at a time: no single pause is long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.stopped.wait(0.1):
        handler.wfile.write(b"a")


def endless(status: int, **headers: str) -> How:
    """Send a body without an end."""

    def how(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        while not handler.server.stopped.is_set():
            handler.wfile.write(b" " * 65536)

    return how


def answer(status: int, body: bytes = b"", **headers: str) -> How:
    return lambda handler: handler.say(status, body, **headers)


HOW: dict[str, How] = {
    "/document": document,
    "/garbage": answer(200, b"<html>Log in to the hotel's network</html>"),
    "/latin": answer(200, "é".encode("latin-1")),
    "/compressed": answer(200, b"...", Content_Encoding="gzip"),
    "/short": answer(200, b"{", Content_Length="100"),
    "/unasked": answer(304),
    "/broken": answer(500, b"no"),
    "/drip": drip,
    "/endless": endless(200),
    "/moved": answer(302, Location="/moved-again"),
    "/moved-again": answer(307, Location="/document"),
    "/moved-without-end": endless(302, Location="/document"),
    "/loop": answer(301, Location="/loop"),
    "/to-file": answer(302, Location="file:///etc/hostname"),
    "/nonsense": answer(302, Location="http://["),
}


@contextmanager
def update_server() -> Iterator[UpdateServer]:
    """Run the server on a free port of 127.0.0.1."""
    with UpdateServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
