"""The addresses that the provider must know."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.identity.addresses import is_loopback, redirect_uri
from testing.identity.conf import IdentityConf


@pytest.mark.parametrize(
    ("line", "base_url", "expected"),
    [
        ("3.3", "", "http://localhost:8080/auth/oidc-callback"),
        ("3.3", "https://host/team/", "https://host/team/auth/oidc-callback"),
        ("2.11", "https://host", "https://host/oauth-authorized/astro-runtime"),
    ],
)
def test_redirect_uri_is_below_the_base_url(line: str, base_url: str, expected: str) -> None:
    section = {"3.3": "api", "2.11": "webserver"}[line]
    assert redirect_uri(IdentityConf({}, {(section, "base_url"): base_url}), line) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://localhost:1/x", True), ("http://[::1]", True), ("http://127.0.0.1.example.com", False)],
)
def test_loopback_is_this_machine(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
