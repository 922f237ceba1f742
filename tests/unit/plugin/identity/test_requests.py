"""Tests of what headers say about who made a request."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.identity.requests import bearer_token, is_cross_site, is_script

HOSTS = {"airflow.example.com"}


@pytest.mark.parametrize(
    ("value", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", ""), ("Bearer", ""), ("", "")],
)
def test_bearer_tokens(value: str, token: str) -> None:
    assert bearer_token(value) == token


@pytest.mark.parametrize(
    ("headers", "script"),
    [
        ({}, False),
        ({"Accept": "*/*"}, False),
        ({"Accept": "text/html,application/json"}, False),
        ({"Accept": "application/json, text/plain, */*"}, True),
        ({"Accept": "*/*", "X-Requested-With": "XMLHttpRequest"}, True),
        ({"Accept": "text/html", "Sec-Fetch-Mode": "cors"}, True),
        ({"Accept": "application/json", "Sec-Fetch-Mode": "navigate"}, False),
    ],
)
def test_scripts(headers: dict[str, str], script: bool) -> None:
    assert is_script(headers) is script


@pytest.mark.parametrize(
    ("method", "headers", "cross"),
    [
        ("GET", {"Sec-Fetch-Site": "cross-site"}, False),
        ("POST", {}, False),
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example.com"}, False),
        ("POST", {"Sec-Fetch-Site": "same-site"}, True),
        ("DELETE", {"Sec-Fetch-Site": "cross-site"}, True),
        ("POST", {"Origin": "https://airflow.example.com"}, False),
        ("POST", {"Origin": "https://evil.example.com"}, True),
        ("POST", {"Origin": "null"}, True),
    ],
)
def test_requests_of_other_sites(method: str, headers: dict[str, str], cross: bool) -> None:
    assert is_cross_site(method, headers, HOSTS) is cross
