"""Tokens of every kind, and the attacks on them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from astro_runtime_plugin.identity.tokens.verification import (
    ALGORITHMS,
    MAX_TOKEN,
    TokenError,
    UnknownKeyError,
    parse_keys,
    verify,
)
from testing.identity.signing import SigningKey, encode, encode_json, login_claims, rsa_key, sign_with_secret

ISSUER, CLIENT, NOW = "https://login.example.com", "airflow", 1_000_000.0
KEY, RSA_KEY = SigningKey("ES256", "ec"), SigningKey("RS256", "rsa")
KEYS = parse_keys({"keys": [KEY.jwk, RSA_KEY.jwk]})
CLAIMS = login_claims(ISSUER, CLIENT, NOW)


def check(token: str, **others: Any) -> dict[str, Any]:
    return verify(token, KEYS, **{"issuer": ISSUER, "audiences": {CLIENT}, "now": NOW, **others})


def reason(token: str, **others: Any) -> str:
    with pytest.raises(TokenError) as refusal:
        check(token, **others)
    assert refusal.value.message.isprintable()
    assert len(refusal.value.message) < 400
    return refusal.value.reason


def outcome(token: str) -> dict[str, Any] | None:
    """Return a token's claims, or None if it is refused with a message that can be printed."""
    try:
        return check(token)
    except TokenError as error:
        if not str(error).isprintable():
            raise
        return None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_token_of_each_algorithm_gives_its_claims(algorithm: str) -> None:
    key = SigningKey(algorithm)
    keys = parse_keys({"keys": [key.jwk]})
    assert verify(key.sign(CLAIMS), keys, issuer=ISSUER, audiences=[CLIENT], now=NOW) == CLAIMS


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "nOnE", "", None, "HS256", "RS1", "RSA-OAEP", 1, ["ES256"]]
)
def test_other_algorithms_are_refused(algorithm: Any) -> None:
    assert reason(KEY.sign(CLAIMS, alg=algorithm)) == "algorithm"


def test_token_without_signature_is_refused() -> None:
    header, payload, _ = KEY.sign(CLAIMS).split(".")
    assert reason(f"{encode_json({'alg': 'none'})}.{payload}.") == "algorithm"
    assert reason(f"{header}.{payload}.") == "signature"
    assert reason(f"{header}.{payload}") == "malformed"


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_public_key_is_no_shared_secret(encoding: Encoding) -> None:
    secret = RSA_KEY.private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    assert reason(sign_with_secret(CLAIMS, secret, kid="rsa")) == "algorithm"
    assert reason(sign_with_secret(CLAIMS, secret, kid="rsa", alg="RS256")) == "signature"


def test_key_of_another_type_is_refused() -> None:
    assert reason(SigningKey("RS256", "ec").sign(CLAIMS)) == "algorithm"
    assert reason(SigningKey("ES384", "ec").sign(CLAIMS)) == "algorithm"
    assert reason(SigningKey("PS256", "rsa").sign(CLAIMS)) == "algorithm"  # the key set says RS256


def test_foreign_key_under_a_known_id_is_refused() -> None:
    assert reason(SigningKey("ES256", "ec").sign(CLAIMS)) == "signature"
    assert reason(SigningKey("RS256", "rsa", rsa_key(1)).sign(CLAIMS)) == "signature"


def test_keys_that_the_token_brings_do_not_count() -> None:
    attacker = SigningKey("ES256", "ec")
    brought = {"jwk": attacker.jwk, "jku": "https://attacker.example/keys", "x5u": "https://attacker.example"}
    assert reason(attacker.sign(CLAIMS, **brought)) == "signature"
    with pytest.raises(UnknownKeyError):
        check(attacker.sign(CLAIMS, kid="mine", **brought))


def test_old_key_asks_for_a_renewal() -> None:
    with pytest.raises(UnknownKeyError):
        check(SigningKey("ES256", "from last year").sign(CLAIMS))


@pytest.mark.parametrize("key_id", ["../../etc/passwd", "' OR 1=1", "\x1b[31m", "x" * 256])
def test_strange_key_id_is_just_unknown(key_id: str) -> None:
    assert reason(KEY.sign(CLAIMS, kid=key_id)) == "key"


@pytest.mark.parametrize("key_id", [1, ["ec"], {"a": 1}, "x" * 257])
def test_key_id_of_another_form_is_refused(key_id: Any) -> None:
    assert reason(KEY.sign(CLAIMS, kid=key_id)) == "malformed"


def test_token_without_key_id_is_taken_where_one_key_suits() -> None:
    assert check(KEY.sign(CLAIMS, kid=None)) == CLAIMS


@pytest.mark.parametrize(
    "issuer", ["https://evil.example", ISSUER + "/", ISSUER.upper(), None, [ISSUER], ISSUER + "\0"]
)
def test_other_issuer_is_refused(issuer: Any) -> None:
    assert reason(KEY.sign({**CLAIMS, "iss": issuer})) == "issuer"


@pytest.mark.parametrize("audience", ["airflow2", "", [], ["other"], "Airflow", "аirflow", "airflow "])
def test_other_audience_is_refused(audience: Any) -> None:
    assert reason(KEY.sign({**CLAIMS, "aud": audience})) == "audience"


@pytest.mark.parametrize("audience", [None, 1, {"airflow": 1}, ["airflow", 1], ["airflow"] * 101])
def test_audience_of_another_form_is_refused(audience: Any) -> None:
    assert reason(KEY.sign({**CLAIMS, "aud": audience})) == "malformed"


def test_one_of_several_audiences_suffices() -> None:
    assert check(KEY.sign({**CLAIMS, "aud": ["other", "airflow"]}))
    assert reason(KEY.sign(CLAIMS), audiences=[]) == "audience"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"exp": NOW - 30}, "expired"),
        ({"exp": 0}, "expired"),
        ({"exp": NOW - 300}, "expired"),
        ({"nbf": NOW + 31}, "not-before"),
        ({"iat": NOW + 300}, "not-before"),
        ({"exp": None}, "malformed"),
        ({"iat": None}, "malformed"),
        ({"exp": "9999999999"}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"exp": 1e300}, "malformed"),
        ({"exp": 10**400}, "malformed"),
        ({"exp": -1}, "malformed"),
        ({"exp": [NOW + 300]}, "malformed"),
        ({"nbf": "soon"}, "malformed"),
        ({"exp": float("nan")}, "malformed"),
        ({"exp": float("inf")}, "malformed"),
    ],
)
def test_token_that_is_not_in_force_is_refused(change: dict[str, Any], expected: str) -> None:
    assert reason(KEY.sign({**CLAIMS, **change})) == expected


@pytest.mark.parametrize(
    "change", [{"exp": NOW - 29}, {"nbf": NOW + 30}, {"iat": NOW + 29}, {"exp": NOW + 0.5}]
)
def test_clocks_may_differ_a_little(change: dict[str, Any]) -> None:
    assert check(KEY.sign({**CLAIMS, **change}))


def test_message_names_the_clock_that_is_off() -> None:
    with pytest.raises(TokenError, match=r"in the future, in 300 s; do the clocks"):
        check(KEY.sign({**CLAIMS, "iat": NOW + 300}))


def test_long_token_is_refused_unread() -> None:
    assert reason("a" * (1024 * 1024)) == "too-long"
    assert reason(KEY.sign({**CLAIMS, "x": "y" * MAX_TOKEN})) == "too-long"


def test_deep_claims_are_refused() -> None:
    deep = b'{"a":' * 1000 + b"1" + b"}" * 1000
    assert reason(KEY.sign(deep)) == "malformed"
    assert reason(f"{encode(deep)}.{encode_json(CLAIMS)}.AAAA") == "malformed"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "a.b.c.d.e",
        "é.b.c",
        "ey.ey.ey",
        "\ud800.a.b",
        "bnVsbA.bnVsbA.AAAA",
        "W10.W10.AAAA",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert reason(token) == "malformed"


def test_encrypted_token_is_refused() -> None:
    with pytest.raises(TokenError, match="is encrypted"):
        check(f"{encode_json({'alg': 'RSA-OAEP', 'enc': 'A128GCM'})}.a.b.c.d")


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]}, {"typ": 1}]
)
def test_extensions_are_refused(header: dict[str, Any]) -> None:
    assert reason(KEY.sign(CLAIMS, **header)) == "malformed"


def test_changed_claims_are_refused() -> None:
    header, _, signature = KEY.sign(CLAIMS).split(".")
    assert reason(f"{header}.{encode_json({**CLAIMS, 'sub': 'root'})}.{signature}") == "signature"


def test_claims_that_a_proxy_lacks_are_not_required() -> None:
    token = KEY.sign(login_claims(ISSUER, CLIENT, NOW, iat=None))
    assert check(token, require=("exp",))["sub"] == "ann"


@given(st.text(), st.data())
def test_any_text_is_refused_and_stays_out_of_the_message(text: str, data: st.DataObject) -> None:
    good = KEY.sign(CLAIMS)
    cut = data.draw(st.integers(0, len(good) - 1))
    mixed = good[:cut] + text + good[data.draw(st.integers(cut, len(good))) :]
    for token in (text, mixed):
        assert outcome(token) in (CLAIMS, None)  # the claims, where no more than padding has changed


@given(
    st.dictionaries(
        st.sampled_from([*CLAIMS, "nbf", "azp"]), st.none() | st.integers() | st.floats() | st.text()
    )
)
def test_any_claims_are_taken_or_refused(changes: dict[str, Any]) -> None:
    claims = outcome(KEY.sign(json.dumps({**CLAIMS, **changes}).encode()))
    assert claims is None or (claims["iss"] == ISSUER and claims["exp"] > NOW - 30)
