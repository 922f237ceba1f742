"""Names that other processes wrote stay on one line, are visible, and have a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.options.text import MAX_NAME_LENGTH, printable


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("celery@host-1", "celery@host-1"),
        ("größe 日本", "größe 日本"),
        ("a\nERROR b\r", r"a\nERROR b\r"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("\u2028\u202e\x85", r"\u2028\u202e\x85"),
        ("\ud800", r"\ud800"),
        ("", ""),
    ],
)
def test_what_is_not_printable_becomes_visible(text: str, visible: str) -> None:
    assert printable(text) == visible


@pytest.mark.parametrize(
    ("length", "end"), [(MAX_NAME_LENGTH, "xx"), (MAX_NAME_LENGTH + 1, "x…"), (10_000_000, "x…")]
)
def test_long_text_is_cut(length: int, end: str) -> None:
    text = printable("x" * length)
    assert (len(text), text[-2:]) == (MAX_NAME_LENGTH, end)


@given(st.text(st.characters(), max_size=600), st.integers(1, 300))
def test_any_text_fits_on_one_line(text: str, length: int) -> None:
    result = printable(text, length)
    assert result.isprintable()
    assert len(result) <= length
    result.encode()
