from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.tokens.bounded_json import MAX_DEPTH, parse_object

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def nested(levels: int) -> bytes:
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_shallow_objects_are_read_as_they_are(document: dict[str, Any]) -> None:
    assert parse_object(json.dumps(document).encode()) == document


@given(st.text(alphabet='[]{}"\\a'))
def test_brackets_in_text_do_not_count(text: str) -> None:
    document = {"a": text, "b": "[" * 100}
    assert parse_object(json.dumps(document).encode()) == document


def test_depth_is_bounded() -> None:
    assert parse_object(nested(MAX_DEPTH))
    with pytest.raises(ValueError, match="deeper than 20 levels"):
        parse_object(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"[]",
            b"1",
            b"",
            b"{",
            b"\xff{}",
            b'{"a": NaN}',
            b'{"a": Infinity}',
            b'{"a": 1e999}',
            b"[" * 200_000,
        ),
        b'{"a":' * 200_000,
        b'{"a": "' + b"[" * 100,
    ],
    ids=lambda data: str(data[:12]),
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_object(data)


@given(st.binary())
def test_any_bytes_are_an_object_or_refused(data: bytes) -> None:
    try:
        assert isinstance(parse_object(data), dict)
    except ValueError:
        pass
