"""The document is fetched from real servers and files; every failure ends in time and names its cause."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from astro_runtime_plugin.updates.download_error import DownloadError
from astro_runtime_plugin.updates.fetch import FetchedDocument, fetch_document
from testing.servers import free_port
from testing.update_documents import REAL
from testing.update_server import UpdateServer, respond_with

USER = "operator:secret@"
# Path → the kind of the failure, and a part of the message.
FAILURES = {
    "/latin": ("document", "is not UTF-8 text"),
    "/compressed": ("document", "is compressed"),
    "/short": ("connection", "peer closed connection"),
    "/unconditional-304": ("status", "responds with 304"),
    "/broken": ("status", "responds with 500"),
    "/missing": ("status", "responds with 404"),
    "/drip": ("time-out", "within 2 seconds"),
    "/endless": ("size", "larger than 100000 bytes"),
    "/loop": ("redirect", "more than 5 times"),
    "/to-file": ("redirect", "neither http nor https"),
    "/invalid-location": ("connection", ""),
}


def test_document_is_downloaded_again_only_if_it_has_changed(server: UpdateServer) -> None:
    url = server.url("/document")
    assert fetch_document(url) == FetchedDocument(REAL, server.etag)
    assert fetch_document(url, server.etag) is None
    etag, server.document = server.etag, b"{}"
    assert fetch_document(url, etag) == FetchedDocument("{}", server.etag)
    assert [headers.get("If-None-Match") for _, headers in server.requests] == [None, etag, etag]


def test_request_contains_nothing_else(server: UpdateServer) -> None:
    fetch_document(server.url("/document"))
    ((path, headers),) = server.requests
    assert path == "/document"
    assert headers == {
        "Host": f"127.0.0.1:{server.server_address[1]}",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
        "User-Agent": "astro-runtime",
    }


@pytest.mark.parametrize("path", ["/moved", "/moved-endlessly"])
def test_redirect_is_followed_without_reading_its_body(server: UpdateServer, path: str) -> None:
    assert fetch_document(server.url(path)) == FetchedDocument(REAL, server.etag)


def test_password_is_not_sent_to_another_server(server: UpdateServer) -> None:
    port = server.server_address[1]
    location = f"http://localhost:{port}/document"
    server.responders["/elsewhere"] = respond_with(302, Location=location)
    assert fetch_document(server.url("/elsewhere", USER)) == FetchedDocument(REAL, server.etag)
    requests = [(headers["Host"], "Authorization" in headers) for _, headers in server.requests]
    assert requests == [(f"127.0.0.1:{port}", True), (f"localhost:{port}", False)]


@pytest.mark.parametrize("path", FAILURES)
def test_failure_has_a_kind_and_a_message_without_secrets(server: UpdateServer, path: str) -> None:
    with pytest.raises(DownloadError) as caught:
        fetch_document(server.url(path, USER), seconds=2 if path == "/drip" else 30, limit=100_000)
    kind, message = FAILURES[path]
    assert caught.value.kind == kind
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_document_may_be_exactly_as_large_as_the_limit(server: UpdateServer) -> None:
    assert fetch_document(server.url("/document"), limit=len(REAL)) == FetchedDocument(REAL, server.etag)
    with pytest.raises(DownloadError, match="is larger than") as caught:
        fetch_document(server.url("/document"), limit=len(REAL) - 1)
    assert caught.value.kind == "size"


def test_refused_connection_is_a_failure() -> None:
    with pytest.raises(DownloadError, match="refused") as caught:
        fetch_document(f"http://{USER}127.0.0.1:{free_port()}/")
    assert caught.value.kind == "connection"


def test_silent_server_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DownloadError) as caught:
        fetch_document(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=2)
    assert caught.value.kind == "time-out"


def test_file_is_read_again_only_if_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "update document é.json"
    path.write_text(f"\ufeff{REAL}", encoding="utf-8")
    first = fetch_document(path.as_uri())
    assert first
    assert first.text == REAL
    assert fetch_document(path.as_uri(), first.etag) is None
    path.write_text("{}")
    second = fetch_document(path.as_uri(), first.etag)
    assert second
    assert second.text == "{}"


def test_file_of_the_same_size_has_changed_if_its_time_has(tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    path.write_text("[1]")
    os.utime(path, ns=(1, 1))
    first = fetch_document(path.as_uri())
    assert first
    path.write_text("[2]")
    os.utime(path, ns=(2, 2))
    second = fetch_document(path.as_uri(), first.etag)
    assert second
    assert second.text == "[2]"


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "No such file"), (".", "is not a regular file"), ("pipe", "is not a regular file")],
)
def test_unreadable_file_is_a_failure(tmp_path: Path, name: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DownloadError, match=message) as caught:
        fetch_document((tmp_path / name).as_uri())
    assert caught.value.kind == "file"


def test_too_large_file_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    path.write_text(REAL)
    with pytest.raises(DownloadError, match="is larger than 100 bytes"):
        fetch_document(path.as_uri(), limit=100)
