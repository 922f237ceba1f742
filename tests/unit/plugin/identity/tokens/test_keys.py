from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.tokens.keys import MAX_KEYS, KeySet, parse_keys
from astro_runtime_plugin.identity.tokens.verification import (
    ALGORITHMS,
    KeySetError,
    TokenError,
    UnknownKeyError,
)
from testing.identity.signing import SigningKey, rsa_key

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops")
ENTRIES = st.dictionaries(
    st.sampled_from(MEMBERS), JSON | st.sampled_from(["RSA", "EC", "OKP", "P-256", "AQAB", "sig"])
)


def key_set(*entries: dict[str, Any]) -> KeySet:
    return parse_keys({"keys": entries and list(entries)})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_key_of_each_algorithm_is_found_by_its_id(algorithm: str) -> None:
    keys = key_set(SigningKey("ES256", "other").jwk, SigningKey(algorithm, "wanted").jwk)
    assert keys.select("wanted", algorithm).algorithm == algorithm


def test_key_without_stated_algorithm_serves_those_of_its_kind() -> None:
    entry = {name: value for name, value in SigningKey("RS256", "k").jwk.items() if name != "alg"}
    suitable = [algorithm for algorithm in ALGORITHMS if key_set(entry).select("k", "RS256").suits(algorithm)]
    assert suitable == ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]


def test_unknown_id_asks_for_a_renewal() -> None:
    with pytest.raises(UnknownKeyError, match="no key 'new'"):
        key_set(SigningKey(key_id="old").jwk).select("new", "ES256")


def test_no_id_suffices_for_one_key_alone() -> None:
    one, other, third = (
        SigningKey("ES256", "1").jwk,
        SigningKey("RS256", "2").jwk,
        SigningKey("ES256", "3").jwk,
    )
    assert key_set(one, other).select(None, "ES256").id == "1"
    with pytest.raises(TokenError, match="does not say which") as refusal:
        key_set(one, other, third).select(None, "ES256")
    assert refusal.value.reason == "key"


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"kid": 7},
        {"kid": "x" * 300},
        {"alg": "HS256"},
        {"alg": ["RS256"]},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC"},
        {"kty": ["RSA"]},
        {"n": "!!"},
        {"n": None},
        {"e": "AA"},
    ],
    ids=str,
)
def test_unusable_key_is_left_out(change: dict[str, Any]) -> None:
    usable = SigningKey("ES256", "usable").jwk
    keys = key_set({**SigningKey("RS256", "k").jwk, **change}, usable)
    assert [key.id for key in keys.keys] == ["usable"]


def test_short_rsa_key_is_left_out() -> None:
    with pytest.raises(KeySetError, match="no key that can verify"):
        key_set(SigningKey("RS256", private=rsa_key(bits=1024)).jwk)


def test_private_half_is_not_kept() -> None:
    entry = {**SigningKey("ES256").jwk, "d": "c2VjcmV0"}
    assert not hasattr(key_set(entry).keys[0].key, "private_numbers")


@pytest.mark.parametrize(
    "document", [{}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": ["x", 1, None]}]
)
def test_what_is_no_key_set_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(KeySetError):
        parse_keys(document)


def test_too_many_keys_are_refused() -> None:
    with pytest.raises(KeySetError, match="more than 100 keys"):
        parse_keys({"keys": [{}] * (MAX_KEYS + 1)})


@given(st.lists(ENTRIES | JSON, max_size=3))
def test_any_entries_are_keys_or_refused(entries: list[Any]) -> None:
    usable = SigningKey("ES256", "usable").jwk
    assert "usable" in {key.id for key in parse_keys({"keys": [*entries, usable]}).keys}
