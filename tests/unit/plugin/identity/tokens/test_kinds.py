"""ID token, access token and logout token: each is refused where another one is expected."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from astro_runtime_plugin.identity.tokens.verification import (
    TokenError,
    parse_keys,
    verify_access_token,
    verify_id_token,
    verify_logout_token,
)
from testing.identity.signing import SigningKey, encode, login_claims

ISSUER, CLIENT, API, NOW = "https://login.example.com", "airflow", "airflow-api", 1_000_000.0
KEY = SigningKey("ES256")
KEYS = parse_keys({"keys": [KEY.jwk]})
EVENT: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
NAMES: dict[str, Any] = {"issuer": ISSUER, "client_id": CLIENT, "now": NOW}


def claims(audience: Any = CLIENT, **others: Any) -> dict[str, Any]:
    return login_claims(ISSUER, audience, NOW, **others)


def id_token(token: str, **others: Any) -> dict[str, Any]:
    return verify_id_token(token, KEYS, **NAMES, **others)


def access_token(token: str) -> dict[str, Any]:
    return verify_access_token(token, KEYS, audiences=[API], **NAMES)


def logout_token(token: str) -> dict[str, Any]:
    return verify_logout_token(token, KEYS, **NAMES)


def logout_claims(**others: Any) -> dict[str, Any]:
    return claims(**{"events": EVENT, "jti": "1", "sid": "s", "sub": None, **others})


def test_id_token_of_the_login_is_taken() -> None:
    assert id_token(KEY.sign(claims(nonce="n", azp=CLIENT)), nonce="n")["sub"] == "ann"
    assert id_token(KEY.sign(claims(typ="ID", at_hash="x"), typ=None))["sub"] == "ann"


@pytest.mark.parametrize("nonce", [None, "", "other", 1, "é", "\ud800"])
def test_id_token_of_another_login_is_refused(nonce: Any) -> None:
    with pytest.raises(TokenError) as refusal:
        id_token(KEY.sign(claims(nonce=nonce)), nonce="n")
    assert refusal.value.reason == "nonce"


def test_id_token_for_another_client_is_refused() -> None:
    with pytest.raises(TokenError, match="another client"):
        id_token(KEY.sign(claims([CLIENT, "other"], azp="other")))


@pytest.mark.parametrize("subject", [None, "", 1, ["ann"], "a" * 1001])
def test_id_token_needs_a_subject(subject: Any) -> None:
    with pytest.raises(TokenError) as refusal:
        id_token(KEY.sign(claims(sub=subject)))
    assert refusal.value.reason == "malformed"


@pytest.mark.parametrize("header", ["at+jwt", "logout+jwt", "application/at+jwt", "dpop+jwt"])
def test_other_types_are_no_id_token(header: str) -> None:
    with pytest.raises(TokenError, match="not an ID token"):
        id_token(KEY.sign(claims(), typ=header))


@pytest.mark.parametrize("others", [{"typ": "Bearer"}, {"typ": "Refresh"}, {"events": EVENT}])
def test_other_kinds_are_no_id_token(others: dict[str, Any]) -> None:
    with pytest.raises(TokenError, match="not an ID token"):
        id_token(KEY.sign(claims(**others)))


def test_id_token_must_belong_to_the_access_token() -> None:
    right = encode(hashlib.sha256(b"access").digest()[:16])
    assert id_token(KEY.sign(claims(at_hash=right)), access_token="access")
    for wrong in (right[1:], "", 5):
        with pytest.raises(TokenError, match="does not belong"):
            id_token(KEY.sign(claims(at_hash=wrong)), access_token="access")


def test_hash_of_eddsa_is_not_checked() -> None:
    key = SigningKey("EdDSA")
    keys = parse_keys({"keys": [key.jwk]})
    token = key.sign(claims(at_hash="of which hash no standard says"))
    assert verify_id_token(token, keys, access_token="access", **NAMES)


@pytest.mark.parametrize(
    ("audience", "others", "header"),
    [
        (API, {}, "JWT"),  # Okta, Google's service accounts, Kubernetes
        (API, {"scope": "openid"}, "at+jwt"),  # RFC 9068
        (CLIENT, {"nonce": "n"}, "application/at+jwt"),
        (CLIENT, {"typ": "Bearer", "nonce": "n"}, "JWT"),  # Keycloak
        (CLIENT, {"scp": "access", "azp": "script"}, "JWT"),  # Entra ID, for people
        (CLIENT, {"azpacr": "1", "roles": ["Job"]}, "JWT"),  # Entra ID, for machines
        ([API, "https://tenant.auth0.com/userinfo"], {"azp": CLIENT, "scope": "openid"}, "JWT"),  # Auth0
    ],
)
def test_access_tokens_of_providers_are_taken(audience: Any, others: dict[str, Any], header: str) -> None:
    assert access_token(KEY.sign(claims(audience, **others), typ=header))["sub"] == "ann"


@pytest.mark.parametrize(
    "others",
    [
        {"nonce": "n"},
        {"at_hash": "x"},
        {"c_hash": "x"},
        {"typ": "ID"},
        {"typ": "ID", "scope": "openid"},
        {"nonce": "n", "scope": "openid"},
        {},
        {"azp": CLIENT, "email": "ann@example.com"},
    ],
    ids=str,
)
def test_id_token_is_no_access_token(others: dict[str, Any]) -> None:
    with pytest.raises(TokenError) as refusal:
        access_token(KEY.sign(claims(**others)))
    assert refusal.value.reason == "kind"


def test_id_token_is_no_access_token_whatever_its_audience() -> None:
    with pytest.raises(TokenError, match="is an ID token"):
        access_token(KEY.sign(claims([CLIENT, API], nonce="n")))


@pytest.mark.parametrize("header", ["logout+jwt", "dpop+jwt", "id_token+jwt"])
def test_other_types_are_no_access_token(header: str) -> None:
    with pytest.raises(TokenError, match="not an access token"):
        access_token(KEY.sign(claims(API), typ=header))


@pytest.mark.parametrize("others", [{"typ": "Refresh"}, {"typ": "Logout"}, {"events": EVENT}])
def test_other_kinds_are_no_access_token(others: dict[str, Any]) -> None:
    with pytest.raises(TokenError, match="not an access token"):
        access_token(KEY.sign(claims(API, **others)))


def test_token_that_is_bound_to_its_sender_is_refused() -> None:
    with pytest.raises(TokenError, match="bound to its sender"):
        access_token(KEY.sign(claims(API, cnf={"jkt": "thumbprint"}), typ="at+jwt"))


@pytest.mark.parametrize(
    "others", [{}, {"sub": "ann"}, {"sid": None, "sub": "ann"}, {"typ": "Logout"}, {"exp": None}]
)
@pytest.mark.parametrize("header", ["logout+jwt", "JWT", None])
def test_logout_token_is_taken(others: dict[str, Any], header: str | None) -> None:
    assert logout_token(KEY.sign(logout_claims(**others), typ=header))["jti"] == "1"


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"events": None}, "kind"),
        ({"events": []}, "kind"),
        ({"events": {"x": {}}}, "kind"),
        ({"events": {next(iter(EVENT)): True}}, "kind"),
        ({"nonce": "n"}, "kind"),
        ({"typ": "ID"}, "kind"),
        ({"jti": None}, "malformed"),
        ({"jti": 1}, "malformed"),
        ({"sid": None}, "malformed"),
        ({"sid": ["s"]}, "malformed"),
        ({"iat": None}, "malformed"),
        ({"iat": NOW - 601}, "expired"),
        ({"exp": NOW - 60}, "expired"),
        ({"aud": "other"}, "audience"),
    ],
)
def test_what_is_no_logout_token_is_refused(others: dict[str, Any], expected: str) -> None:
    with pytest.raises(TokenError) as refusal:
        logout_token(KEY.sign(logout_claims(**others)))
    assert refusal.value.reason == expected


def test_access_token_is_no_logout_token() -> None:
    with pytest.raises(TokenError, match="not a logout token"):
        logout_token(KEY.sign(logout_claims(), typ="at+jwt"))
