"""A real HTTP server for the update document: correct, broken, slow or endless; it records its requests."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from testing.update_documents import REAL


class Handler(BaseHTTPRequestHandler):
    """Responds as `server.responders[path]` does; 404 for any other path."""

    server: UpdateServer

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        responder = self.server.responders.get(self.path.partition("?")[0], respond_with(404))
        with contextlib.suppress(OSError):  # the client has closed the connection
            responder(self)

    def respond(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


Responder = Callable[[Handler], None]


class UpdateServer(ThreadingHTTPServer):
    """Serves `document` at `/document`; `requests` are the requests so far, each with path and headers."""

    daemon_threads = True
    scheme = "http"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.document = REAL.encode()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.responders: dict[str, Responder] = dict(RESPONDERS)
        self.stopped = threading.Event()

    def encrypt(self, certificate: Path) -> None:
        """Serve https from now on, with the key and the certificate in a file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https"

    def url(self, path: str, user: str = "") -> str:
        return f"{self.scheme}://{user}127.0.0.1:{self.server_address[1]}{path}"

    @property
    def etag(self) -> str:
        return f'"{sha256(self.document).hexdigest()[:16]}"'


def send_document(handler: Handler) -> None:
    server = handler.server
    if handler.headers.get("If-None-Match") == server.etag:
        handler.respond(304, ETag=server.etag)
    else:
        handler.respond(200, server.document, ETag=server.etag)


def drip(handler: Handler) -> None:
    """Send an endless header, one byte at a time: no single pause is long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.stopped.wait(0.1):
        handler.wfile.write(b"a")


def endless(status: int, **headers: str) -> Responder:
    """Send an endless body."""

    def respond(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        while not handler.server.stopped.is_set():
            handler.wfile.write(b" " * 65536)

    return respond


def respond_with(status: int, body: bytes = b"", **headers: str) -> Responder:
    """Send a status, a body and headers; `_` in a header's name stands for `-`."""
    return lambda handler: handler.respond(status, body, **headers)


RESPONDERS: dict[str, Responder] = {
    "/document": send_document,
    "/garbage": respond_with(200, b"<html>Log in to the hotel's network</html>"),
    "/latin": respond_with(200, "é".encode("latin-1")),
    "/compressed": respond_with(200, b"...", Content_Encoding="gzip"),
    "/short": respond_with(200, b"{", Content_Length="100"),
    "/unconditional-304": respond_with(304),
    "/broken": respond_with(500, b"no"),
    "/drip": drip,
    "/endless": endless(200),
    "/moved": respond_with(302, Location="/moved-again"),
    "/moved-again": respond_with(307, Location="/document"),
    "/moved-endlessly": endless(302, Location="/document"),
    "/loop": respond_with(301, Location="/loop"),
    "/to-file": respond_with(302, Location="file:///etc/hostname"),
    "/invalid-location": respond_with(302, Location="http://["),
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
