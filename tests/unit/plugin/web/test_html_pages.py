"""Which responses are pages that the footer can be inserted into."""

from __future__ import annotations

import pytest

from astro_runtime_plugin.web.html_pages import is_whole_page


def is_page(content_type: str) -> bool:
    return is_whole_page(200, [(b"Content-Type", content_type.encode())])


@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii", "iso-8859-1", "windows-1252", "shift_jis", "gbk"]
)
def test_superset_of_ascii_can_be_extended(charset: str) -> None:
    assert is_page(f"text/html; charset={charset}")
    assert is_page(f"text/html;lang=x; Charset={charset}")


@pytest.mark.parametrize(
    "charset",
    [
        "utf-16",
        "UTF-16LE",
        '"utf-16be"',
        "utf-32",
        "utf-7",
        "cp037",
        "cp500",
        "ebcdic-cp-us",
        "unknown",
        "rot13",
    ],
)
def test_other_charset_cannot_be_extended(charset: str) -> None:
    assert not is_page(f"text/html; charset={charset}")


@pytest.mark.parametrize(
    "content_type", ["", "text/htmlx", "text/plain", "text/html+xml", "application/xhtml+xml"]
)
def test_other_media_type_is_no_page(content_type: str) -> None:
    assert not is_page(content_type)


def test_page_without_a_charset_can_be_extended() -> None:
    assert is_page("text/html")
    assert is_page("TEXT/HTML;")
