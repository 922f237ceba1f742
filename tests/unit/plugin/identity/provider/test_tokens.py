from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.http import Reply
from astro_runtime_plugin.identity.provider.tokens import Tokens, read_tokens

VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)
NAMES = st.sampled_from(
    ["access_token", "id_token", "refresh_token", "token_type", "expires_in", "error", "error_description"]
)


def read(document: Any, status: int = 200) -> Tokens:
    body = json.dumps(document).encode()
    return read_tokens(Reply("https://login.example.com/token?secret=1", status, httpx.Headers(), body))


def failure(document: Any, status: int) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        read(document, status)
    assert str(caught.value).isprintable()
    assert "secret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        (300, 300),
        ("300", 300),
        (0, None),
        (-1, None),
        ("soon", None),
        (None, None),
        ([], None),
        (1e300, None),
    ],
)
def test_life_is_a_number_of_seconds(stated: Any, seconds: float | None) -> None:
    assert read({"access_token": "a", "token_type": "bearer", "expires_in": stated}).expires_in == seconds


def test_tokens_do_not_show_in_messages() -> None:
    tokens = read({"access_token": "aaa", "id_token": "iii", "refresh_token": "rrr"})
    assert (tokens.access_token, tokens.id_token, tokens.refresh_token) == ("aaa", "iii", "rrr")
    assert repr(tokens) == "Tokens(expires_in=None)"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"access_token": ""},
        {"access_token": 1},
        {"access_token": "a\r\nX-Header: 1"},
        {"access_token": "a", "token_type": "DPoP"},
        {"access_token": "a", "refresh_token": ["r"]},
        {"access_token": "a" * 70_000},
    ],
)
def test_unusable_tokens_are_refused(document: dict[str, Any]) -> None:
    assert not failure(document, 200).ends_session


@pytest.mark.parametrize(
    ("status", "document", "transient", "ends"),
    [
        (400, {"error": "invalid_grant"}, False, True),
        (403, {"error": "access_denied", "error_description": "two\nlines"}, False, True),
        (401, {"error": "invalid_client"}, False, False),
        (400, {"error": "temporarily_unavailable"}, True, False),
        (500, {"error": "invalid_request"}, True, False),
        (400, {"message": "no such route"}, True, False),
        (429, {"error": {"code": 1}}, True, False),
    ],
)
def test_only_the_providers_word_ends_a_session(
    status: int, document: dict[str, Any], transient: bool, ends: bool
) -> None:
    error = failure(document, status)
    assert (error.transient, error.ends_session) == (transient, ends)


@given(st.dictionaries(NAMES, VALUES), st.sampled_from([200, 400, 401, 500]))
def test_any_answer_is_tokens_or_an_error(document: dict[str, Any], status: int) -> None:
    try:
        tokens = read(document, status)
    except ProviderError as error:
        text = str(error)
    else:
        text = tokens.access_token
    assert text.isprintable()
