"""A connection to a server with a limit for its time and for what is read."""

from __future__ import annotations

from entrypoint.probe_outcomes import CLOSED, SILENT, NoProbe, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from entrypoint.endpoints import Endpoint

CONNECT_TIMEOUT = 3.0  # seconds for an endpoint to accept a connection
# Seconds for all answers: a server may look up the client's name before it says anything.
ANSWER_TIMEOUT = 10.0
MAX_ANSWER = 64 * 1024  # bytes of all answers


class Conversation:
    """Sends to and reads from one server. Its methods raise OSError, and NotReady or NoProbe as a probe does."""

    def __init__(self, endpoint: Endpoint, answer_timeout: float = ANSWER_TIMEOUT) -> None:
        import time

        self._clock = time.monotonic
        self._socket = connect(endpoint)
        self._end = self._clock() + answer_timeout
        self._unread = MAX_ANSWER
        self._buffer = b""
        self._outcome: Callable[[OSError], Exception] = lambda error: error

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self._call(self._socket.sendall, data)

    def read(self, size: int) -> bytes:
        """Return exactly `size` bytes."""
        if size > self._unread:
            raise NoProbe("the answer is too long")
        while len(self._buffer) < size:
            self._receive()
        return self._take(size)

    def read_line(self) -> bytes:
        """Return what precedes the next CR LF."""
        while b"\r\n" not in self._buffer[: self._unread]:
            if len(self._buffer) >= self._unread:
                raise NoProbe("the answer is too long")
            self._receive()
        return self._take(self._buffer.index(b"\r\n") + 2)[:-2]

    def start_tls(self, options: dict[str, str], host: str) -> None:
        """Continue with TLS, as `tls.wrap` understands `options`. What came before it is not read any more."""
        from entrypoint import tls

        self._buffer = b""
        self._outcome = tls.outcome
        self._socket = self._call(tls.wrap, self._socket, options, host)

    def _receive(self) -> None:
        data = self._call(self._socket.recv, 4096)
        if not data:
            raise NotReady(CLOSED)
        self._buffer += data

    def _take(self, size: int) -> bytes:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        self._unread -= size
        return taken

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of the network in the time that is left."""
        left = self._end - self._clock()
        if left <= 0:
            raise NotReady(SILENT)
        self._socket.settimeout(left)
        try:
            return function(*arguments)
        except TimeoutError:
            raise NotReady(SILENT) from None
        except ConnectionError:
            raise NotReady(CLOSED) from None
        except OSError as error:
            raise self._outcome(error) from None


def connect(endpoint: Endpoint) -> socket.socket:
    """Return a connection to `endpoint`. Raises OSError."""
    import socket

    try:
        if endpoint.port:
            return socket.create_connection((endpoint.host, endpoint.port), CONNECT_TIMEOUT)
        return _connect_unix(endpoint.host)
    except ValueError:  # a name that cannot be encoded, or contains a NUL
        raise OSError("the host is not a valid name") from None


def _connect_unix(path: str) -> socket.socket:
    import socket

    unix = socket.socket(socket.AF_UNIX)
    try:
        unix.settimeout(CONNECT_TIMEOUT)
        unix.connect(f"\0{path[1:]}" if path.startswith("@") else path)
    except BaseException:
        unix.close()
        raise
    return unix
