from __future__ import annotations

import pytest

from astro_runtime_plugin.options.urls import LINK, UPDATE_DOCUMENT, UrlRule, url_problem, without_secrets

LINK_MUST = "must begin with http:// or https:// and name a host"
DOCUMENT_MUST = "must be http://HOST/PATH, https://HOST/PATH or file:///PATH"


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        (LINK, "https://example.com:8443/a?b=c#d"),
        (LINK, "HTTP://example.com"),
        (UPDATE_DOCUMENT, "https://operator:secret@example.com/document.json?token=x"),
        (UPDATE_DOCUMENT, "file:///etc/document.json"),
        (UPDATE_DOCUMENT, "file://localhost/etc/document.json"),
    ],
)
def test_valid_url_has_no_problem(rule: UrlRule, url: str) -> None:
    assert url_problem(url, rule) == ""


@pytest.mark.parametrize(
    "url",
    [
        "ftp://operator:secret@example.com/x",
        "http://",
        "https:///document.json",
        "file://elsewhere/document.json",
        "file:document.json",
        "document.json",
        "http://operator:secret@exa mple.com",
        "http://example.com/\n",
        "http://[secret",
        "http://example.com:port",
    ],
)
@pytest.mark.parametrize(("rule", "problem"), [(LINK, LINK_MUST), (UPDATE_DOCUMENT, DOCUMENT_MUST)])
def test_invalid_url_must_have_the_form_of_its_rule(rule: UrlRule, url: str, problem: str) -> None:
    assert url_problem(url, rule) == problem


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://example.com\\@evil.example"])
def test_link_must_not_be_a_file_or_contain_a_backslash(url: str) -> None:
    assert url_problem(url, LINK) == LINK_MUST


def test_link_must_not_contain_credentials() -> None:
    assert url_problem("https://ann:hunter2@example.com/", LINK) == "must not contain a user name or password"


@pytest.mark.parametrize(
    ("url", "safe_url"),
    [
        ("https://operator:s@cret@example.com:8443/a?token=x#y", "https://example.com:8443/a"),
        ("file:///etc/document.json", "file:///etc/document.json"),
    ],
)
def test_without_secrets_keeps_only_host_and_path(url: str, safe_url: str) -> None:
    assert without_secrets(url) == safe_url
