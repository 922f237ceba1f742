"""Text in JSON is read and written alike by msgspec and by what stands in for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.task_logs import json_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
DUMPS = [json_text.dump, json_text._dump_slowly]


@pytest.mark.parametrize("dump", DUMPS)
@given(VALUES)
def test_values_are_read_as_they_were_written(dump: Callable[[Any], bytes], value: Any) -> None:
    assert json_text.load(dump(value)) == value


@pytest.mark.parametrize("dump", DUMPS)
def test_text_is_utf_8_on_one_line(dump: Callable[[Any], bytes]) -> None:
    assert dump({"a": "\u2603\n", "b": [1, None]}) == b'{"a":"\xe2\x98\x83\\n","b":[1,null]}'


@pytest.mark.parametrize("dump", DUMPS)
def test_half_of_a_surrogate_pair_becomes_a_question_mark(dump: Callable[[Any], bytes]) -> None:
    assert dump(["\ud800"]) == b'["?"]'


@pytest.mark.parametrize("dump", DUMPS)
def test_what_json_has_no_form_for_becomes_text(dump: Callable[[Any], bytes]) -> None:
    assert dump([Path("/a")]) == b'["/a"]'


@pytest.mark.parametrize("text", [rb'["\ud800"]', b"[123456789012345678901234567890]", b"[1e400]"])
def test_what_msgspec_may_refuse_is_read(text: bytes) -> None:
    assert json_text.load(text) == json.loads(text)


@pytest.mark.parametrize("text", [b"", b"plain", b'{"broken', b"\xff"])
def test_no_json_is_an_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSONDecodeError and UnicodeDecodeError are two kinds of it
        json_text.load(text)
