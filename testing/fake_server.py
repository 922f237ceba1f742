"""A server on a loopback port that sends given bytes: for states that no real server has on demand."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Script = Callable[[socket.socket], None]


def answering(*answers: bytes) -> Script:
    """Answer each thing that the client sends with the next of `answers`, then hang up."""

    def script(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(65536)
            connection.sendall(answer)

    return script


def greeting(data: bytes) -> Script:
    """Send `data` before the client says anything, then hang up when the client does."""

    def script(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.recv(65536)

    return script


def silent(connection: socket.socket) -> None:
    """Read, and never answer."""
    while connection.recv(65536):
        pass


def endless(connection: socket.socket) -> None:
    """Send the same byte for as long as the client reads."""
    while True:
        connection.sendall(b"x" * 65536)


@contextmanager
def fake_server(script: Script, port: int = 0, path: Path | None = None) -> Iterator[int]:
    """Run `script` for each connection to `port` (0: any), or to the Unix socket `path`; yield the port."""
    with _listen(port, path) as server:
        thread = threading.Thread(target=_serve, args=(server, script), daemon=True)
        thread.start()
        try:
            yield port if path else server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _listen(port: int, path: Path | None) -> socket.socket:
    if path is None:
        return socket.create_server(("127.0.0.1", port))
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    return server


def _serve(server: socket.socket, script: Script) -> None:
    with contextlib.suppress(OSError):  # the server is closed
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_run, args=(connection, script), daemon=True).start()


def _run(connection: socket.socket, script: Script) -> None:
    with connection, contextlib.suppress(OSError):  # the client hung up
        script(connection)
