"""A package index on the loopback interface, with or without a login: it serves the wheels of a folder."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@dataclass
class PackageIndex:
    """`login` is `user:password`; empty: open to all. `requests` are the paths that were served, with their query."""

    folder: Path
    login: str = ""
    port: int = 0
    requests: list[str] = field(default_factory=list)

    def url(self, login: str = "") -> str:
        """Return the address of the index, with a login in it or without."""
        return f"http://{login}{'@' if login else ''}127.0.0.1:{self.port}/simple"

    def answer(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        """Return status and body for a request."""
        expected = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        if self.login and authorization != expected:
            return 401, b""
        self.requests.append(path)
        name = path.partition("?")[0].rstrip("/").rpartition("/")[2]
        if name.endswith(".whl"):
            return 200, (self.folder / name).read_bytes()
        wheels = sorted(self.folder.glob(f"{name.replace('-', '_')}-*.whl"))
        links = "".join(f'<a href="/files/{wheel.name}">{wheel.name}</a>\n' for wheel in wheels)
        return (200, f"<!DOCTYPE html>\n{links}".encode()) if wheels else (404, b"")


@contextmanager
def package_index(folder: Path, login: str = "") -> Iterator[PackageIndex]:
    """Serve the wheels of a folder until the end of the block."""
    index = PackageIndex(folder, login)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = index.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.port = server.server_port
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
