"""The download follows the environment's proxies and certificates, and names a variable that cannot be used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from astro_runtime_plugin.updates.download_error import DownloadError
from astro_runtime_plugin.updates.fetch import FetchedDocument, fetch_document
from testing.certificate import write_certificate
from testing.update_documents import REAL
from testing.update_server import UpdateServer, respond_with, update_server


class Proxy(BaseHTTPRequestHandler):
    """Answers every request itself, so that a document from a proxy can be recognised."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"proxy")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def proxy() -> Iterator[str]:
    """Yield the URL of a running proxy."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def text(url: str) -> str:
    fetched = fetch_document(url)
    assert fetched
    return fetched.text


@pytest.mark.parametrize(
    "no_proxy",
    [
        "127.0.0.1,fd00::/8",
        "fd00::/8, 127.0.0.0/8",
        "[::1]:8080,*",
        "http://[fd00::/8,127.0.0.1",
        "a b:c:d,127.0.0.1",
        "localhost:port,127.0.0.1",
    ],
)
def test_odd_entry_of_no_proxy_does_not_stop_the_download(
    server: UpdateServer, proxy: str, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert text(server.url("/document")) == REAL


@pytest.mark.parametrize("no_proxy", ["", "fd00::/8", "10.0.0.0/8,example.com", "127.0.0.1:1"])
def test_other_host_is_reached_through_the_proxy(
    server: UpdateServer, proxy: str, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.removeprefix("http://"))
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert text(server.url("/document")) == "proxy"


@pytest.mark.parametrize("value", ["http://user:secret@host:port", "gopher://secret", "http://proxy:secret"])
def test_unusable_proxy_is_named_by_its_variable(
    server: UpdateServer, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(DownloadError, match="HTTP_PROXY is not the URL of a proxy") as caught:
        fetch_document(server.url("/document"))
    assert "secret" not in str(caught.value)


def test_unreadable_certificates_are_named_by_their_variable(
    server: UpdateServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(DownloadError, match="the certificates of SSL_CERT_FILE cannot be read"):
        fetch_document(server.url("/document"))


@pytest.fixture
def encrypted(server: UpdateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpdateServer:
    """The server with https, and a certificate that the environment trusts."""
    certificate = write_certificate(tmp_path / "certificate.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server.encrypt(certificate)
    return server


def test_redirect_from_https_leads_to_https_only(encrypted: UpdateServer) -> None:
    assert fetch_document(encrypted.url("/moved")) == FetchedDocument(REAL, encrypted.etag)
    location = encrypted.url("/document").replace("https", "http")
    encrypted.responders["/to-http"] = respond_with(302, Location=location)
    with pytest.raises(DownloadError, match="from https to a URL that is not https") as caught:
        fetch_document(encrypted.url("/to-http"))
    assert caught.value.kind == "redirect"
    assert [path for path, _ in encrypted.requests][-1] == "/to-http"


def test_redirect_from_http_may_lead_to_https(encrypted: UpdateServer) -> None:
    with update_server() as plain:
        plain.responders["/to-https"] = respond_with(302, Location=encrypted.url("/document"))
        assert text(plain.url("/to-https")) == REAL
