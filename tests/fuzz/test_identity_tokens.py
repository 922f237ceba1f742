"""Any token, key set, description or answer of a provider is taken or refused, by the errors that are meant for it."""

from __future__ import annotations

import json
from typing import Any

import httpx
from hypothesis import strategies as st

from astro_runtime_plugin.identity.provider.errors import ProviderError
from astro_runtime_plugin.identity.provider.http import Reply
from astro_runtime_plugin.identity.provider.metadata import parse_metadata
from astro_runtime_plugin.identity.provider.tokens import read_tokens
from astro_runtime_plugin.identity.tokens.verification import (
    ALGORITHMS,
    KeySet,
    KeySetError,
    TokenError,
    parse_keys,
    verify_access_token,
    verify_id_token,
    verify_logout_token,
)
from testing.identity.signing import SigningKey, encode, login_claims
from tests.fuzz.budget import fuzz

ISSUER, CLIENT, NOW = "https://login.example.com", "airflow", 1_000_000.0
KEY = SigningKey("ES256")
KEYS = parse_keys({"keys": [KEY.jwk]})
TEXT = st.text(st.characters(exclude_categories=[]), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
NAMES = (
    *login_claims(ISSUER, CLIENT, NOW),
    "nbf",
    "azp",
    "typ",
    "nonce",
    "events",
    "jti",
    "sid",
    "cnf",
    "at_hash",
    "scope",
)
CLAIMS = st.dictionaries(st.sampled_from(NAMES) | TEXT, JSON, max_size=6)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from([*ALGORITHMS, "none", "HS256"]) | JSON,
        "kid": st.just(KEY.id) | JSON,
        "typ": st.sampled_from(["JWT", "at+jwt", "logout+jwt"]) | JSON,
        **dict.fromkeys(("crit", "b64", "jwk", "zip", "cty"), JSON),
    },
)
KEY_MEMBERS = dict.fromkeys(("kty", "crv", "x", "y", "n", "e", "d", "alg", "use", "key_ops", "kid"), JSON)
KEY_ENTRIES = (
    st.fixed_dictionaries({}, optional=KEY_MEMBERS).map(lambda changes: {**KEY.jwk, **changes}) | JSON
)
ENDPOINTS = {
    "issuer": ISSUER,
    **dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), f"{ISSUER}/x"),
}
TOKEN_MEMBERS = dict.fromkeys(
    ("access_token", "id_token", "refresh_token", "expires_in", "token_type", "error"), JSON
)


def assert_line(error: Exception) -> None:
    """Check that an error's message is one short line."""
    assert str(error).isprintable()
    assert len(str(error)) < 500


def check(token: str, keys: KeySet = KEYS) -> None:
    """Give a token to all kinds of verification, which either take it or raise TokenError with a short line."""
    names: dict[str, Any] = {"issuer": ISSUER, "client_id": CLIENT, "now": NOW}
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (verify_id_token, {"nonce": "n", "access_token": "a"}),
        (verify_access_token, {"audiences": ["api"]}),
        (verify_logout_token, {}),
    ]
    for verify_kind, others in kinds:
        try:
            claims = verify_kind(token, keys, **names, **others)
        except TokenError as error:
            assert_line(error)
        else:
            assert claims["iss"] == ISSUER


@fuzz(CLAIMS, HEADERS)
def test_signed_token_is_taken_or_refused(changes: dict[str, Any], header: dict[str, Any]) -> None:
    claims = {**login_claims(ISSUER, CLIENT, NOW), **changes}
    check(KEY.sign(claims))
    check(KEY.sign(claims, **header))


@fuzz(st.binary(max_size=200), st.binary(max_size=200), TEXT)
def test_bytes_in_a_tokens_place_are_refused(first: bytes, second: bytes, text: str) -> None:
    check(text)
    check(f"{encode(first)}.{encode(second)}.{text}")
    check(KEY.sign(second))


@fuzz(st.lists(KEY_ENTRIES, max_size=4))
def test_key_set_is_taken_or_refused(entries: list[Any]) -> None:
    try:
        keys = parse_keys({"keys": entries})
    except KeySetError as error:
        assert_line(error)
    else:
        check(KEY.sign(login_claims(ISSUER, CLIENT, NOW)), keys)


@fuzz(st.dictionaries(st.sampled_from([*ENDPOINTS, "scopes_supported", "end_session_endpoint"]) | TEXT, JSON))
def test_description_is_taken_or_refused(changes: dict[str, Any]) -> None:
    try:
        parse_metadata({**ENDPOINTS, **changes}, ISSUER)
    except ProviderError as error:
        assert_line(error)


@fuzz(
    st.fixed_dictionaries({}, optional=TOKEN_MEMBERS).map(json.dumps) | TEXT,
    st.sampled_from([200, 400, 401, 500]),
)
def test_answer_of_the_token_endpoint_is_taken_or_refused(text: str, status: int) -> None:
    body = text.encode(errors="surrogatepass")
    try:
        tokens = read_tokens(Reply(f"{ISSUER}/token", status, httpx.Headers(), body))
    except ProviderError as error:
        assert_line(error)
    else:
        assert tokens.access_token.isascii()
