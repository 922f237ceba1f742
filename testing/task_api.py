"""A stand-in for Airflow's execution API: one task instance, whose reports it records."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DATE = "2026-01-01T00:00:00Z"
DAG_RUN: dict[str, Any] = {
    "dag_id": "proof",
    "run_id": "run",
    "logical_date": DATE,
    "data_interval_start": DATE,
    "data_interval_end": DATE,
    "run_after": DATE,
    "start_date": DATE,
    "end_date": None,
    "run_type": "manual",
    "state": "running",
    "consumed_asset_events": [],
    "partition_key": None,
}
GONE = {"detail": {"reason": "not_running", "current_state": "success"}}


class ExecutionApi:
    """What the server has been sent, and how it answers.

    `states` are the states that were accepted, `rejected` those that were not. `pid` is the task's process.
    While `running` is false, the server says that the task must not run any more, as after a change in the UI.
    While `away` is true, it answers as a proxy without a server does.
    """

    def __init__(self, retries: int = 0) -> None:
        self.retries = retries
        self.states: list[str] = []
        self.rejected: list[str] = []
        self.pid = 0
        self.heartbeats = 0
        self.running = True
        self.away = False
        self.url = ""
        self.held = ""
        self.is_holding = threading.Event()
        self.release = threading.Event()

    @contextmanager
    def hold(self, part: str) -> Iterator[None]:
        """Answer no request with `part` in its path before the end of the block; `is_holding` is set by the first."""
        self.held = part
        try:
            yield
        finally:
            self.held = ""
            self.release.set()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Return the status and the content for a request."""
        kind = path.rstrip("/").rpartition("/")[2]
        if self.held and self.held in path:
            self.is_holding.set()
            self.release.wait(60)
        if self.away:
            return 503, {}
        if method == "PATCH" and kind == "run":
            self.pid = body["pid"]
            return 200, {"dag_run": DAG_RUN, "max_tries": self.retries, "should_retry": bool(self.retries)}
        if kind == "heartbeat":
            self.heartbeats += 1
            return (204, None) if self.running else (409, GONE)
        if method == "PATCH" and kind == "state":
            (self.states if self.running else self.rejected).append(body["state"])
            return (204, None) if self.running else (409, GONE)
        if method == "GET":
            return 404, {"detail": {"reason": "not_found"}}
        return 201, {}


@contextmanager
def execution_api(retries: int = 0) -> Iterator[ExecutionApi]:
    """Run the server on a loopback port until the end of the block; a task has that many retries."""
    api = ExecutionApi(retries)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = api.answer(self.command, self.path.partition("?")[0], json.loads(text or b"{}"))
            data = json.dumps(content).encode() if content is not None else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815

        def log_message(self, *words: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api.url = f"http://127.0.0.1:{server.server_address[1]}/execution/"
        try:
            yield api
        finally:
            server.shutdown()
