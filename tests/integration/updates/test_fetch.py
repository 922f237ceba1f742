"""The document is fetched from real servers and files, and what is wrong with one ends soon and says so."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from astro_runtime_plugin.updates.fetch import FetchedDocument, FetchError, fetch
from testing.servers import free_port
from testing.update_documents import REAL
from testing.update_server import UpdateServer

USER = "operator:secret@"
# Path → the kind of the failure, and a part of what is said.
FAILURES = {
    "/latin": ("document", "is no UTF-8 text"),
    "/compressed": ("document", "comes compressed"),
    "/short": ("connection", "peer closed connection"),
    "/unasked": ("status", "answers 304"),
    "/broken": ("status", "answers 500"),
    "/not-there": ("status", "answers 404"),
    "/drip": ("time-out", "within 2 seconds"),
    "/endless": ("size", "larger than 100000 bytes"),
    "/loop": ("redirect", "more than 5 times"),
    "/to-file": ("redirect", "neither http nor https"),
    "/nonsense": ("connection", ""),
}


def test_a_document_and_then_only_a_changed_one(server: UpdateServer) -> None:
    url = server.url("/document")
    assert fetch(url) == FetchedDocument(REAL, server.etag)
    assert fetch(url, server.etag) is None
    before, server.document = server.etag, b"{}"
    assert fetch(url, before) == FetchedDocument("{}", server.etag)
    assert [headers.get("If-None-Match") for _, headers in server.asked] == [None, before, before]


def test_nothing_is_sent_but_the_request(server: UpdateServer) -> None:
    fetch(server.url("/document"))
    ((path, headers),) = server.asked
    assert path == "/document"
    assert headers == {
        "Host": f"127.0.0.1:{server.server_address[1]}",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
        "User-Agent": "astro-runtime",
    }


@pytest.mark.parametrize("path", ["/moved", "/moved-without-end"])
def test_redirects_are_followed_and_their_bodies_not_read(server: UpdateServer, path: str) -> None:
    assert fetch(server.url(path)) == FetchedDocument(REAL, server.etag)


def test_the_password_goes_to_its_own_server_alone(server: UpdateServer) -> None:
    port = server.server_address[1]
    server.how["/elsewhere"] = lambda handler: handler.say(302, Location=f"http://localhost:{port}/document")
    assert fetch(server.url("/elsewhere", USER)) == FetchedDocument(REAL, server.etag)
    sent = [(headers["Host"], "Authorization" in headers) for _, headers in server.asked]
    assert sent == [(f"127.0.0.1:{port}", True), (f"localhost:{port}", False)]


@pytest.mark.parametrize("path", FAILURES)
def test_a_failure_says_its_kind_and_no_secret(server: UpdateServer, path: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(server.url(path, USER), seconds=2 if path == "/drip" else 30, limit=100_000)
    kind, said = FAILURES[path]
    assert caught.value.kind == kind
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_document_may_be_as_large_as_the_limit(server: UpdateServer) -> None:
    assert fetch(server.url("/document"), limit=len(REAL)) == FetchedDocument(REAL, server.etag)
    with pytest.raises(FetchError, match="is larger than") as caught:
        fetch(server.url("/document"), limit=len(REAL) - 1)
    assert caught.value.kind == "size"


def test_nobody_listens() -> None:
    with pytest.raises(FetchError, match="refused") as caught:
        fetch(f"http://{USER}127.0.0.1:{free_port()}/")
    assert caught.value.kind == "connection"


def test_a_server_that_accepts_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FetchError) as caught:
        fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=2)
    assert caught.value.kind == "time-out"


def test_a_file_and_then_only_a_changed_one(tmp_path: Path) -> None:
    path = tmp_path / "update document é.json"
    path.write_text(f"\ufeff{REAL}", encoding="utf-8")
    first = fetch(path.as_uri())
    assert first
    assert first.text == REAL
    assert fetch(path.as_uri(), first.etag) is None
    path.write_text("{}")
    second = fetch(path.as_uri(), first.etag)
    assert second
    assert second.text == "{}"


def test_a_file_of_the_same_size_is_another_by_its_time(tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    path.write_text("[1]")
    os.utime(path, ns=(1, 1))
    first = fetch(path.as_uri())
    assert first
    path.write_text("[2]")
    os.utime(path, ns=(2, 2))
    second = fetch(path.as_uri(), first.etag)
    assert second
    assert second.text == "[2]"


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [("none", "file", "No such file"), (".", "file", "is not a file"), ("pipe", "file", "is not a file")],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, kind: str, said: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FetchError, match=said) as caught:
        fetch((tmp_path / name).as_uri())
    assert caught.value.kind == kind


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    path.write_text(REAL)
    with pytest.raises(FetchError, match="is larger than 100 bytes"):
        fetch(path.as_uri(), limit=100)
