"""A stand-in for the API server that tasks use: it stops and starts on one port, and remembers what it took."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from testing.servers import free_port

Answer = tuple[int, Any]
NOW = "2026-01-01T00:00:00Z"
CONTEXT = {
    "dag_run": {
        "dag_id": "dag",
        "run_id": "run",
        "logical_date": NOW,
        "data_interval_start": NOW,
        "data_interval_end": NOW,
        "start_date": NOW,
        "end_date": None,
        "run_after": NOW,
        "partition_key": None,
        "run_type": "manual",
        "state": "running",
        "consumed_asset_events": [],
    },
    "max_tries": 0,
    "should_retry": False,
}
# The last part of each path that a task needs; everything else is answered with 204 and no text.
ANSWERS: dict[str, Answer] = {
    "run": (200, CONTEXT),
    "validate-inlets-and-outlets": (200, {"inactive_assets": []}),
    "variable": (200, {"key": "variable", "value": "text"}),
}
NOT_RUNNING: Answer = (409, {"detail": {"reason": "not_running"}})


class ExecutionApi:
    """A server for one task. `taken` are the paths and bodies of its requests.

    `answers` may be changed while it runs; `losses` is how many answers to the requests of a path get lost.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/execution/"
        self.answers = dict(ANSWERS)
        self.losses: dict[str, int] = {}
        self.taken: list[tuple[str, Any]] = []
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen, and answer each request in a thread."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self.answer))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, path: str, body: Any) -> Answer:
        """Return the status and the JSON value for a request; a status of 0 is a lost answer."""
        last = path.partition("?")[0].rpartition("/")[2]
        self.taken.append((last, body))
        if last == "state":
            self.answers["heartbeat"] = NOT_RUNNING
        if self.losses.get(last):
            self.losses[last] -= 1
            return 0, None
        return self.answers.get(last, (204, None))

    def count(self, path: str) -> int:
        """Return how many requests had this last part of their path."""
        return sum(taken == path for taken, _ in self.taken)

    def states(self) -> list[str]:
        """Return the states of the task that the server took."""
        return [body["state"] for path, body in self.taken if path == "state"]


def _handler(answer: Callable[[str, Any], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, value = answer(self.path, json.loads(body) if body else None)
            self.close_connection = True
            if status == 0:
                return
            text = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            if status != 204:
                self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = _respond  # noqa: N815 (http.server looks for these names)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name in http.server)
            pass

    return Handler
