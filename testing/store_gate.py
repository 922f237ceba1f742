"""A gate before an S3 server: it lets requests through, delays or refuses them, or is away."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from testing.servers import free_port

OPEN, AWAY, SILENT, SLOW = "open", "away", "silent", "slow"
SLOW_SECONDS = 1.0  # for each answer
# What a server says that takes no object, by mode: the status and S3's code.
REFUSALS = {
    "full": (507, "InsufficientStorage"),
    "forbidden": (403, "AccessDenied"),
    "busy": (503, "SlowDown"),
    "failing": (500, "InternalError"),
}
ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"


class StoreGate:
    """A gate before the server on `port`, in the mode that `set` chose last; `counts` has the requests of each mode.

    While it is silent, it answers nothing; what came in then is answered after the next change.
    """

    def __init__(self, port: int, mode: str) -> None:
        self.upstream, self.mode = port, mode
        self.counts: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._changed = threading.Condition()
        self._late = 0  # requests that came in while it was silent, and have no answer yet
        self._server: ThreadingHTTPServer | None = None
        self._listen()

    def set(self, mode: str) -> None:
        """Change the mode."""
        with self._changed:
            self.mode = mode
            self._changed.notify_all()
        self._listen()

    def close(self) -> None:
        """Listen no more."""
        self.set(AWAY)

    @contextmanager
    def turn(self, is_late: bool) -> Iterator[str]:
        """Wait while the gate is silent, and yield the mode for the answer.

        What came in while it was silent, `is_late`, is answered before what came in later: the client has given it up,
        and a server that takes it after the client's next requests is another matter.
        """
        with self._changed:
            self._late += is_late
            self._changed.wait_for(lambda: self.mode != SILENT and (is_late or not self._late))
            mode = self.mode
        try:
            yield mode
        finally:
            with self._changed:
                self._late -= is_late
                self._changed.notify_all()

    def _listen(self) -> None:
        if self.mode != AWAY and self._server is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        elif self.mode == AWAY and self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def store_gate(port: int, mode: str = OPEN) -> Iterator[StoreGate]:
    """Run a gate before the server on `port` of 127.0.0.1 until the end of the block."""
    gate = StoreGate(port, mode)
    try:
        yield gate
    finally:
        gate.close()


def _handler(gate: StoreGate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            mode = gate.mode
            gate.counts[mode] += 1
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            with gate.turn(mode == SILENT) as answer_mode:
                if mode == SLOW:
                    time.sleep(SLOW_SECONDS)
                # Not in the gate's mode by now: what is to be refused must not get through after a change.
                status, headers, data = _answer(gate, answer_mode, self, body)
            self.close_connection = True
            with suppress(OSError):  # the client did not wait
                self._send(status, headers, data)
            gate.answers[mode] += 1

        def _send(self, status: int, headers: dict[str, str], data: bytes) -> None:
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _respond  # noqa: N815 (http.server looks for these names)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in http.server)
            pass

    return Handler


def _answer(
    gate: StoreGate, mode: str, request: BaseHTTPRequestHandler, body: bytes
) -> tuple[int, dict[str, str], bytes]:
    if mode in REFUSALS and request.command in ("PUT", "POST"):
        status, code = REFUSALS[mode]
        data = ERROR.format(code=code).encode()
        return status, {"content-length": str(len(data))}, data
    upstream = http.client.HTTPConnection("127.0.0.1", gate.upstream, timeout=300)
    # The signature covers the name of the host as the client knows it.
    upstream.request(request.command, request.path, body, dict(request.headers))
    response = upstream.getresponse()
    data = response.read()
    hop = ("transfer-encoding", "connection", "content-length")
    headers = {name: text for name, text in response.getheaders() if name.lower() not in hop}
    length = response.getheader("content-length") if request.command == "HEAD" else None
    return response.status, {**headers, "content-length": length or str(len(data))}, data
