"""Google's and Azure's libraries with servers that refuse, or do not answer: each error is named, in bounded time."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from email import message_from_bytes

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.problems import explain
from astro_runtime_plugin.task_logs.stores.store import LogStore, Patience, StoreError, open_store
from testing.azure_account import KEY as ACCOUNT_KEY
from testing.azure_account import azure_environ
from testing.fake_server import Script, fake_server, silent
from testing.google_server import google_environ
from testing.servers import free_port

KEY = "dag/attempt=1.log"
SECRET = "what-only-the-server-knows"
PATIENT = Patience(connect_seconds=60, read_seconds=60, attempts=1)  # a starved process answers late
IMPATIENT = Patience(connect_seconds=0.5, read_seconds=0.5, attempts=1)
CLOUDS = {"gs": google_environ, "abfs": azure_environ}
OPERATIONS: dict[str, Callable[[LogStore], object]] = {
    "put_new": lambda store: store.put_new(KEY, b"text"),
    "put": lambda store: store.put(KEY, io.BytesIO(b"text")),
    "list": lambda store: store.list(KEY),
    "walk": lambda store: [*store.walk()],
    "read": lambda store: store.read(KEY, 0, 1),
    "delete": lambda store: store.delete([KEY]),
    "size": lambda store: store.size(KEY),
}
BOUNDED = [name for name in OPERATIONS if name != "walk"]  # which may take long


@pytest.fixture(params=CLOUDS)
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def problem(
    scheme: str, port: int, operation: str, monkeypatch: pytest.MonkeyPatch, patience: Patience = PATIENT
) -> str:
    """Return what is wrong with the store at a port."""
    for name, text in CLOUDS[scheme](port).items():
        monkeypatch.setenv(name, text)
    settings = TaskLogSettings(url=f"{scheme}://logs/prefix")
    with pytest.raises(StoreError) as failure:
        OPERATIONS[operation](open_store(settings, patience))
    assert SECRET not in str(failure.value)
    assert ACCOUNT_KEY not in str(failure.value)
    return explain(failure.value, "be used", settings)


def answer(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def refusing(answer: bytes) -> Script:
    """Answer a request once all of it has come: a client that still sends may not read the answer."""

    def script(connection: socket.socket) -> None:
        with connection.makefile("rb") as request:
            head = b"".join(iter(request.readline, b"\r\n"))
            request.read(int(message_from_bytes(head.partition(b"\n")[2])["content-length"] or 0))
        connection.sendall(answer)

    return script


@pytest.mark.parametrize("operation", BOUNDED)
def test_server_that_never_answers_is_given_up(
    scheme: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_server(silent) as port:
        found = problem(scheme, port, operation, monkeypatch, IMPATIENT)
    assert found == "cannot be used: it does not answer in time"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_server_that_is_away_cannot_be_reached(
    scheme: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert problem(scheme, free_port(), operation, monkeypatch) == "cannot be used: it cannot be reached"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("401 Unauthorized", "its credentials are missing or wrong"),
        ("403 Forbidden", "its credentials do not allow it"),
        ("429 Too Many Requests", "it is busy or failing"),
        ("503 Service Unavailable", "it is busy or failing"),
    ],
)
@pytest.mark.parametrize("operation", ["put_new", "list", "read", "delete"])
def test_refusal_is_named_without_what_the_server_says(
    scheme: str,
    operation: str,
    status: str,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    body = b'{"error": {"code": %s, "message": "%s"}}' % (status[:3].encode(), SECRET.encode())
    with fake_server(refusing(answer(status, body))) as port:
        assert problem(scheme, port, operation, monkeypatch) == f"cannot be used: {text}"
    assert SECRET not in caplog.text


def test_malformed_account_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", SECRET)
    settings = TaskLogSettings(url="abfs://logs/prefix")
    with pytest.raises(StoreError) as failure:
        open_store(settings)
    assert "its account or key is missing or malformed" in explain(failure.value, "be opened", settings)
    assert SECRET not in str(failure.value)
