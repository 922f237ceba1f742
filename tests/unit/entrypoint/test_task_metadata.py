"""The limits of an ECS task, from a real HTTP server, where no control group shows any."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import SimpleNamespace

import pytest

from entrypoint import task_metadata
from entrypoint.capacity import worker_concurrency
from entrypoint.host_limits import HostLimits, read_limits

GIB = 1024**3
TASK, CONTAINER = "/v4/abc/task", "/v4/abc"
HOST_CORES = len(os.sched_getaffinity(0))


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait long for the answers, which a busy machine delays."""
    monkeypatch.setattr(task_metadata, "TIMEOUT", 300.0)
    monkeypatch.setattr(task_metadata, "MAX_SECONDS", 300.0)


@contextmanager
def metadata_server(documents: dict[str, object], status: int = 200) -> Iterator[str]:
    """Serve `documents` by path: an object as JSON, bytes as they are; yield the address of the container's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = documents.get(self.path, {})
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass  # the client has read enough

        def log_message(self, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{CONTAINER}"
        finally:
            server.shutdown()
            thread.join()


def limits_at(root: Path, address: str, **groups: str) -> HostLimits:
    """Read the limits of a container in which only `groups` are limited, on a host with 8 GiB."""
    for name, text in {
        "proc/self/cgroup": "0::/\n",
        "proc/meminfo": f"MemTotal: {8 * GIB // 1024} kB\n",
        "sys/fs/cgroup/cpu.max": groups.get("cpu", "max 100000"),
        "sys/fs/cgroup/memory.max": groups.get("memory", "max"),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return read_limits(str(root), {"ECS_CONTAINER_METADATA_URI_V4": address})


@pytest.mark.parametrize(
    ("task", "container", "cores", "memory"),
    [
        ({"CPU": 0.25, "Memory": 512}, {"CPU": 2, "Memory": 0}, 0.25, GIB // 2),
        ({"CPU": 0.5, "Memory": 4096}, {"CPU": 128, "Memory": 1024}, 0.5, GIB),
        ({}, {"CPU": 512, "Memory": 1024}, 0.5, GIB),
        ({}, {"CPU": 2}, HOST_CORES, 8 * GIB),
        ({"CPU": 0.25}, {}, 0.25, 8 * GIB),
        ({"CPU": -1, "Memory": 1e300}, {}, HOST_CORES, 8 * GIB),
        ({"CPU": "many", "Memory": True}, [], HOST_CORES, 8 * GIB),
    ],
)
def test_limits_are_those_of_the_task(
    tmp_path: Path, task: object, container: object, cores: float, memory: int
) -> None:
    with metadata_server({TASK: {"Limits": task}, CONTAINER: {"Limits": container}}) as address:
        limits = limits_at(tmp_path, address)
    assert (limits.cores, limits.memory, limits.warning) == (cores, memory, "")


def test_limits_of_control_groups_need_no_answer(tmp_path: Path) -> None:
    limits = limits_at(tmp_path, "http://127.0.0.1:1/v4/abc", cpu="25000 100000", memory=str(GIB))
    assert (limits.cores, limits.memory, limits.warning) == (0.25, GIB, "")


def test_limit_that_control_groups_lack_comes_from_the_task(tmp_path: Path) -> None:
    with metadata_server({TASK: {"Limits": {"CPU": 0.25, "Memory": 8192}}}) as address:
        limits = limits_at(tmp_path, address, memory=str(GIB))
    assert (limits.cores, limits.memory) == (0.25, GIB)


@pytest.mark.parametrize(
    ("documents", "status", "why"),
    [
        ({TASK: b"{"}, 200, "JSONDecodeError"),
        ({TASK: b"[" * 100_000}, 200, "RecursionError"),
        ({TASK: b"\xff"}, 200, "UnicodeDecodeError"),
        ({TASK: b" " * 2_000_000}, 200, "its answer is too long"),
        ({}, 302, "it answers 302"),
        ({}, 500, "it answers 500"),
    ],
    ids=["no JSON", "nested", "no text", "long", "redirect", "error"],
)
def test_answer_that_cannot_be_used_is_a_warning(
    tmp_path: Path, documents: dict[str, object], status: int, why: str
) -> None:
    with metadata_server(documents, status) as address:
        limits = limits_at(tmp_path, address)
    assert (limits.cores, limits.memory) == (HOST_CORES, 8 * GIB)
    assert limits.warning == f"ECS_CONTAINER_METADATA_URI_V4 does not tell the task's limits: {why}"
    assert worker_concurrency(limits).why.count(limits.warning) == 1


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:1/v4/abc", "Connection refused"),
        ("https://127.0.0.1:1/v4/abc", "it is not an http address"),
        ("nowhere", "it is not an http address"),
        ("http://127.0.0.1:port/", "ValueError"),
        ("http://127.0.0.1:1/a b", "InvalidURL"),
    ],
)
def test_address_that_cannot_be_asked_is_a_warning(tmp_path: Path, address: str, why: str) -> None:
    assert limits_at(tmp_path, address).warning.endswith(f": {why}")


def test_server_that_does_not_answer_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_metadata, "TIMEOUT", 0.1)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        limits = limits_at(tmp_path, f"http://127.0.0.1:{silent.server_port}/v4")
    assert limits.warning.endswith(": it does not answer in time")
    assert limits.memory == 8 * GIB


DRIPS = 400  # pieces that a slow server would send, if it could


@contextmanager
def slow_server(start: bytes, piece: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Answer with `start` and then slowly with `piece` over and over; yield the address and the pieces sent."""
    sent: list[bytes] = []
    stop = threading.Event()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            try:
                self.wfile.write(start)
                while len(sent) < DRIPS and not stop.wait(0.05):
                    self.wfile.write(piece)
                    sent.append(piece)
            except OSError:
                pass  # the client has gone

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v4", sent
        finally:
            stop.set()
            server.shutdown()
            thread.join()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK", b" "),
        (OK + b"X: ", b"x"),
        (OK, b"X: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"\r\n", b" "),
        (OK + b"Content-Length: 900\r\n\r\n", b" "),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
    ids=["protocol", "status", "header", "headers", "continue", "body", "length", "chunks", "chunk size"],
)
def test_server_that_never_ends_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes, piece: bytes
) -> None:
    """The client's clock advances with each piece, so that a busy machine gets as many of them as an idle one."""
    with slow_server(start, piece) as (address, sent):
        clock = SimpleNamespace(monotonic=lambda: len(sent) * task_metadata.MAX_SECONDS / 10)
        monkeypatch.setattr(task_metadata, "time", clock)
        limits = limits_at(tmp_path, address)
    assert limits.warning.endswith("limits: it does not answer in time")
    assert (limits.cores, limits.memory) == (HOST_CORES, 8 * GIB)
    assert 0 < len(sent) < DRIPS
