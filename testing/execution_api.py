"""A stand-in for the API server, as running tasks use it: it can stop and start on one port."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from testing.servers import free_port

Answer = tuple[int, Any]
DATE = "2026-01-01T00:00:00Z"
DAG_RUN: dict[str, Any] = {
    "dag_id": "dag",
    "run_id": "run",
    "logical_date": DATE,
    "data_interval_start": DATE,
    "data_interval_end": DATE,
    "start_date": DATE,
    "end_date": None,
    "run_after": DATE,
    "partition_key": None,
    "run_type": "manual",
    "state": "running",
    "consumed_asset_events": [],
}
# By the last part of a request's path; for all others the server has nothing to read, and takes what is written.
ANSWERS: dict[str, Answer] = {
    "validate-inlets-and-outlets": (200, {"inactive_assets": []}),
    "variable": (200, {"key": "variable", "value": "text"}),
}
NOT_FOUND: Answer = (404, {"detail": {"reason": "not_found"}})
NO_CONTENT: Answer = (204, None)
# The answer to a heartbeat of a task that must not run any more, for example because its state was changed in the UI.
NOT_RUNNING: Answer = (409, {"detail": {"reason": "not_running", "current_state": "success"}})


class ExecutionApi:
    """A server for tasks, each of which has some `retries` left.

    `requests` are the last part of the path and the body of each request. `answers` may be changed while the server
    runs. `losses` says how many answers to the requests of a path get lost. While `away` is true, it answers as a proxy
    without a server does.
    """

    def __init__(self, retries: int = 0) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/execution/"
        context = {"dag_run": DAG_RUN, "max_tries": retries, "should_retry": bool(retries)}
        self.answers = {**ANSWERS, "run": (200, context)}
        self.losses: dict[str, int] = {}
        self.away = False
        self.requests: list[tuple[str, Any]] = []
        self.is_holding = threading.Event()
        self._ended: set[str] = set()
        self._held = ""
        self._release = threading.Event()
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

    @contextmanager
    def hold(self, part: str) -> Iterator[None]:
        """Answer no request with `part` in its path before the end of the block; the first one sets `is_holding`."""
        self._held = part
        try:
            yield
        finally:
            self._held = ""
            self._release.set()

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Return the status and the JSON value for a request; a status of 0 is a lost answer."""
        if self._held and self._held in path:
            self.is_holding.set()
            self._release.wait(600)
        if self.away:
            return 503, {}
        *_, task, last = path.partition("?")[0].split("/")
        self.requests.append((last, body))
        if last == "state":
            self._ended.add(task)
        if self.losses.get(last):
            self.losses[last] -= 1
            return 0, None
        if last == "heartbeat" and task in self._ended:
            return NOT_RUNNING
        return self.answers.get(last, NOT_FOUND if method == "GET" else NO_CONTENT)

    def count(self, path: str) -> int:
        """Return how many requests had this last part of their path."""
        return sum(last == path for last, _ in self.requests)

    @property
    def states(self) -> list[str]:
        """The states of the task that were sent to the server."""
        return [body["state"] for last, body in self.requests if last == "state"]

    @property
    def pid(self) -> int:
        """The process id of the task, or 0 before it has started."""
        return next((int(body["pid"]) for last, body in self.requests if last == "run"), 0)


@contextmanager
def execution_api(retries: int = 0) -> Iterator[ExecutionApi]:
    """Run a server until the end of the block."""
    api = ExecutionApi(retries)
    api.start()
    try:
        yield api
    finally:
        api.stop()


def _handler(answer: Callable[[str, str, Any], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, value = answer(self.command, self.path, json.loads(body) if body else None)
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
