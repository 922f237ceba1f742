from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.options.links import MAX_LINKS, MAX_NAME_LENGTH, read_links


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_default_links_lead_to_the_documentation_of_this_airflow(text: str | None) -> None:
    links, problems = read_links(text, "3.3.2")
    assert list(links) == ["Documentation", "Release notes", "Provider registry", "Issue tracker"]
    assert "/3.3.2/" in links["Documentation"]
    assert {urlsplit(url).scheme for url in links.values()} == {"https"}
    assert problems == []


def test_configured_links_replace_the_defaults_in_their_order() -> None:
    configured = {"Wiki": "https://wiki.example.com/a?b=c%20d#e", "On call": " http://10.0.0.1:8080 "}
    assert read_links(json.dumps(configured), "3.3.2") == (
        {"Wiki": "https://wiki.example.com/a?b=c%20d#e", "On call": "http://10.0.0.1:8080"},
        [],
    )


def test_an_empty_object_means_no_links() -> None:
    assert read_links("{}", "3.3.2") == ({}, [])


@pytest.mark.parametrize("text", ["{", "[]", '"https://example.com"', "null", "1", "[" * 100_000])
def test_text_other_than_a_json_object_is_one_problem_and_keeps_the_defaults(text: str) -> None:
    links, problems = read_links(text, "3.3.2")
    assert links == read_links(None, "3.3.2")[0]
    assert problems == [
        "[astro_runtime] links must be a JSON object of names and http(s) URLs; the default links are shown"
    ]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "ftp://example.com",
        "//example.com",
        "/docs",
        "http://",
        "https:///path",
        "https://exa mple.com",
        "https://example.com\\@evil.example",
        "http://[::1",
        "http://example.com:port",
        "",
        None,
        7,
        ["https://example.com"],
    ],
)
def test_invalid_link_is_left_out_and_the_others_stay(url: object) -> None:
    links, problems = read_links(json.dumps({"Bad": url, "Good": "https://example.com"}), "3.3.2")
    assert links == {"Good": "https://example.com"}
    assert problems == [
        "[astro_runtime] links: 'Bad' is left out: its URL must begin with http:// or https:// "
        "and name a host"
    ]


def test_link_with_a_password_is_left_out_and_not_repeated() -> None:
    links, problems = read_links('{"Wiki": "https://ann:hunter2@example.com/"}', "3.3.2")
    assert links == {}
    assert len(problems) == 1
    assert "user name or password" in problems[0]
    assert "hunter2" not in problems[0]


def test_link_without_a_name_is_left_out() -> None:
    assert read_links('{" ": "https://example.com"}', "3.3.2") == (
        {},
        ["[astro_runtime] links: ' ' is left out: it has no name"],
    )


@pytest.mark.parametrize(
    ("extra", "expected"), [(0, []), (1, [f"[astro_runtime] links: only the first {MAX_LINKS} are used"])]
)
def test_number_of_links_is_limited(extra: int, expected: list[str]) -> None:
    configured = {str(number): "https://example.com" for number in range(MAX_LINKS + extra)}
    links, problems = read_links(json.dumps(configured), "3.3.2")
    assert [*links] == [str(number) for number in range(MAX_LINKS)]
    assert problems == expected


@pytest.mark.parametrize("extra", [0, 1])
def test_number_of_problems_is_limited(extra: int) -> None:
    configured = {str(number): "no URL" for number in range(MAX_LINKS + extra)}
    links, problems = read_links(json.dumps(configured), "3.3.2")
    assert (links, len(problems)) == ({}, MAX_LINKS)


@pytest.mark.parametrize(("extra", "count"), [(0, 1), (1, 0)])
def test_name_of_a_link_has_a_limit(extra: int, count: int) -> None:
    links, problems = read_links(
        json.dumps({"x" * (MAX_NAME_LENGTH + extra): "https://example.com"}), "3.3.2"
    )
    assert (len(links), len(problems)) == (count, 1 - count)


@given(st.text() | st.dictionaries(st.text(), st.text() | st.text().map("http://{}".format)).map(json.dumps))
def test_any_text_results_in_http_links_only(text: str) -> None:
    links, _ = read_links(text, "3.3.2")
    assert all(url.startswith(("http://", "https://")) for url in (url.lower() for url in links.values()))
