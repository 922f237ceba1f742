"""The page after a login is one of this site, whatever the link said."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.identity.next_url import MAX_LENGTH, origin_of, safe_next

ORIGIN = "https://airflow.example.com:8443"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dags",
        "//evil.example.com",
        "///evil.example.com",
        "/\\evil.example.com",
        "\\/evil.example.com",
        "/%2Fevil.example.com",
        "/%252Fevil.example.com",
        "/%5Cevil.example.com",
        "%2F%2Fevil.example.com",
        "/..//evil.example.com",
        "/%2e%2e//evil.example.com",
        "/dags/../../x",
        "/a//b",
        "https://evil.example.com/",
        "https:evil.example.com",
        "https://airflow.example.com:8443@evil.example.com/",
        "https://airflow.example.com:8443.evil.example.com/",
        "https://airflow.example.com:8443//evil.example.com/",
        "http://airflow.example.com:8443/dags",
        "javascript:alert(1)",
        "data:text/html,x",
        "/dags\r\nSet-Cookie: a=b",
        "/dags%0d%0aSet-Cookie: a=b",
        "/dags%0d%0aSet-Cookie:a=b",
        " /dags",
        "/\t/evil.example.com",
        "/\x00",
        "/%" + "25" * 10 + "2F",
        "/" + "x" * MAX_LENGTH,
    ],
)
def test_foreign_pages_become_start_page(url: str) -> None:
    assert safe_next(url, "/airflow", ORIGIN) == "/"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/", "/"),
        ("/dags", "/dags"),
        ("/dags/", "/dags/"),
        ("/airflow", "/"),
        (
            "/airflow/dags/a%20b/grid?q=//x&next=https%3A%2F%2Fa#t",
            "/dags/a%20b/grid?q=//x&next=https%3A%2F%2Fa#t",
        ),
        ("/airflow?x=1", "/?x=1"),
        ("/airflows", "/airflows"),
        (ORIGIN, "/"),
        (f"{ORIGIN}/airflow/dags?x=1", "/dags?x=1"),
        ("https://AIRFLOW.example.com:8443/airflow/dags", "/dags"),
        ("/dags/äöü", "/dags/äöü"),
    ],
)
def test_own_pages_stay(url: str, path: str) -> None:
    assert safe_next(url, "/airflow", ORIGIN) == path


def test_origin_is_of_absolute_urls() -> None:
    assert origin_of("HTTPS://A.example.com/x") == "https://a.example.com"
    assert [origin_of(url) for url in ("/x", "", "https://[", "mailto:a")] == [""] * 4
