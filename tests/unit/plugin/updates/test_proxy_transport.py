"""Which hosts NO_PROXY names, and which variable is at fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.updates.download_error import DownloadError
from astro_runtime_plugin.updates.proxy_transport import ProxyTransport, is_direct


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("*", "example.com"),
        ("a,*", "example.com"),
        ("example.com", "example.com"),
        ("EXAMPLE.com", "Example.COM"),
        ("example.com", "www.example.com"),
        (".example.com", "www.example.com"),
        ("*.example.com", "www.example.com"),
        ("example.com:80", "example.com"),
        ("http://example.com", "example.com"),
        ("a example.com", "example.com"),
        ("127.0.0.1,fd00::/8", "127.0.0.1"),
        ("127.0.0.1,fd00::/8", "fd00::7"),
        ("10.0.0.0/8", "10.9.8.7"),
        ("10.1.1.1/8", "10.9.8.7"),
        ("[fd00::7]", "fd00::7"),
        ("[fd00::7]:80", "fd00::7"),
    ],
)
def test_named_host_is_reached_directly(no_proxy: str, host: str) -> None:
    assert is_direct(host, 80, no_proxy)


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("", "example.com"),
        (",", "example.com"),
        ("ample.com", "example.com"),
        ("www.example.com", "example.com"),
        ("example.com:81", "example.com"),
        ("fd00::/8", "127.0.0.1"),
        ("10.0.0.0/8", "example.com"),
        ("10.0.0.0/33", "10.0.0.1"),
        ("[", "example.com"),
        (".", "example.com"),
    ],
)
def test_other_host_is_reached_through_the_proxy(no_proxy: str, host: str) -> None:
    assert not is_direct(host, 80, no_proxy)


@given(st.text(max_size=200), st.sampled_from(["example.com", "127.0.0.1", "fd00::7"]))
def test_any_text_is_an_answer(no_proxy: str, host: str) -> None:
    assert is_direct(host, 80, no_proxy) in (True, False)
    assert is_direct(host, 80, f"{no_proxy},{host}")


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"SSLKEYLOGFILE": "/missing/x"}, "the file of SSLKEYLOGFILE cannot be written"),
        ({"SSLKEYLOGFILE": "/"}, "the file of SSLKEYLOGFILE cannot be written"),
        (
            {"SSLKEYLOGFILE": "/missing/x", "SSL_CERT_DIR": "/"},
            "the file of SSLKEYLOGFILE cannot be written",
        ),
        ({"SSL_CERT_FILE": "/missing/x"}, "the certificates of SSL_CERT_FILE cannot be read"),
        ({"SSL_CERT_FILE": "/etc/passwd"}, "the certificates of SSL_CERT_FILE cannot be read"),
        (
            {"SSL_CERT_FILE": "/missing/x", "SSLKEYLOGFILE": "/dev/null"},
            "the certificates of SSL_CERT_FILE cannot be read",
        ),
        ({"SSL_CERT_FILE": "/x", "SSLKEYLOGFILE": "/x"}, "the certificates of SSL_CERT_FILE cannot be read"),
    ],
    ids=repr,
)
def test_variable_that_names_no_usable_file_is_named(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], why: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DownloadError) as caught:
        ProxyTransport()
    assert str(caught.value) == f"cannot be fetched: {why}"
