"""Tokens that must not count: as Bearer, in the exchange, in the header of a proxy, as a logout token."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.live.visitors import (
    CONFIGURATION,
    FOR_OPS,
    FOR_VIEWERS,
    PROXY,
    PROXY_AUDIENCE,
    PROXY_HEADER,
    Visitors,
    proxy_token,
    status,
)
from testing.identity.login_provider import API_AUDIENCE, CLIENT_ID, CLIENT_SECRET, LoginProvider
from testing.identity.signing import SigningKey, encode, encode_json, sign_with_secret
from testing.waiting import retry

Forge = Callable[[LoginProvider], str]
OTHER_KEY = SigningKey("ES256", "key-1")
DEEP = "[" * 3000 + "]" * 3000


def claims(provider: LoginProvider, **others: Any) -> dict[str, Any]:
    """Return the claims of an admin's token."""
    now = int(time.time())
    names = {"iss": provider.issuer, "aud": API_AUDIENCE, "client_id": CLIENT_ID, "sub": "id-of-ann"}
    stated = {**names, **provider.users["ann"], "iat": now, "exp": now + 300, **others}
    return {name: value for name, value in stated.items() if value is not None}


def own_key(provider: LoginProvider, **header: Any) -> str:
    """Return a token that is signed with a key of the attacker's."""
    return OTHER_KEY.sign(claims(provider), typ="at+jwt", **{"kid": provider.keys[-1].id, **header})


def unsigned(provider: LoginProvider, algorithm: str = "none") -> str:
    return f"{encode_json({'alg': algorithm, 'typ': 'at+jwt'})}.{encode_json(claims(provider))}."


def symmetric(provider: LoginProvider, encoding: str) -> str:
    """Return a token that is signed by HS256 with the provider's public key."""
    key = provider.keys[-1]
    public = key.private.public_key()
    secret = {
        "pem": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "der": public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "jwk": json.dumps(key.jwk).encode(),
        "empty": b"",
    }[encoding]
    return sign_with_secret(claims(provider), secret, kid=key.id, typ="at+jwt")


def signed(provider: LoginProvider, payload: bytes) -> str:
    return provider.keys[-1].sign(payload, typ="at+jwt")


def tampered(provider: LoginProvider) -> str:
    header, _, signature = provider.access_token("vera").split(".")
    return f"{header}.{encode_json(claims(provider))}.{signature}"


def good(provider: LoginProvider, **others: Any) -> str:
    """Return a token of an admin's that is well signed, with other claims."""
    return provider.access_token("ann", **others)


FORGERIES: dict[str, Forge] = {
    "no token": lambda _: "admin",
    "dots": lambda _: "..",
    "alg none": unsigned,
    "alg None": lambda provider: unsigned(provider, "None"),
    "alg of no algorithm": lambda provider: unsigned(provider, "ES256"),
    "HS256 with the public key, PEM": lambda provider: symmetric(provider, "pem"),
    "HS256 with the public key, DER": lambda provider: symmetric(provider, "der"),
    "HS256 with the public key, JWK": lambda provider: symmetric(provider, "jwk"),
    "HS256 without a key": lambda provider: symmetric(provider, "empty"),
    "own key": own_key,
    "own key in the header": lambda provider: own_key(provider, jwk=OTHER_KEY.jwk),
    "address of own keys in the header": lambda provider: own_key(provider, jku="http://127.0.0.1:1/keys"),
    "unknown key": lambda provider: own_key(provider, kid="../../dev/null"),
    "critical header": lambda provider: provider.keys[-1].sign(
        claims(provider), typ="at+jwt", crit=["x"], x=1
    ),
    "payload without encoding": lambda provider: provider.keys[-1].sign(
        claims(provider), typ="at+jwt", crit=["b64"], b64=False
    ),
    "other claims under a signature": tampered,
    "cut signature": lambda provider: good(provider)[:-8],
    "other issuer": lambda provider: good(provider, iss="https://id.example.com"),
    "issuer with a slash": lambda provider: good(provider, iss=f"{provider.issuer}/"),
    "no issuer": lambda provider: good(provider, iss=None),
    "other audience": lambda provider: good(provider, aud="another-api"),
    "part of the audience": lambda provider: good(provider, aud=API_AUDIENCE[:-1]),
    "audience of the proxy": lambda provider: good(provider, aud=PROXY_AUDIENCE),
    "no audience": lambda provider: good(provider, aud=None),
    "expired": lambda provider: good(provider, exp=int(time.time()) - 60),
    "no expiry": lambda provider: good(provider, exp=None),
    "expiry that is a text": lambda provider: good(provider, exp="9999999999"),
    "expiry that is no number": lambda provider: signed(
        provider, json.dumps(claims(provider)).replace("}", ', "exp": NaN}').encode()
    ),
    "not yet in force": lambda provider: good(provider, nbf=int(time.time()) + 300),
    "of the future": lambda provider: good(provider, iat=int(time.time()) + 300, exp=int(time.time()) + 600),
    "ID token": lambda provider: provider.id_token("ann", nonce="x"),
    "logout token": lambda provider: provider.logout_token("ann"),
    "no subject": lambda provider: good(provider, sub=None),
    "deep JSON": lambda provider: signed(provider, f'{{"groups": {DEEP}}}'.encode()),
    "deep JSON in the header": lambda _: f"{encode(DEEP.encode())}.{encode(b'{}')}.{encode(b'x')}",
    "a list": lambda provider: signed(provider, b"[]"),
    "no UTF-8": lambda provider: signed(provider, b'{"sub": "\xff"}'),
    "100 KB": lambda provider: good(provider, x="x" * 100_000),
    "1 MB": lambda provider: good(provider, x="x" * 1_000_000),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_forged_token_is_nobodys(visitors: Visitors, provider: LoginProvider, forge: Forge) -> None:
    headers = {"Authorization": f"Bearer {forge(provider)}"}
    with visitors.program() as program:
        assert is_refused(lambda: program.get(FOR_VIEWERS, headers=headers))
        assert is_refused(lambda: program.post(PATHS.exchange, headers=headers))


def is_refused(request: Callable[[], httpx.Response]) -> bool:
    """Whether a server refuses a request. It may hang up on one that is too long, or refuse it before it reads it."""
    try:
        return request().status_code in (400, 401, 431)
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        return True


def test_forged_tokens_leave_the_server_at_work(visitors: Visitors, provider: LoginProvider) -> None:
    with visitors.program() as program:
        assert status(program) == 401
        assert status(program, good(provider)) == 200
        assert status(program, good(provider), FOR_OPS) == 200
        assert status(program, provider.access_token("vera"), FOR_OPS) == 403


@pytest.mark.parametrize(
    "group",
    [
        "аirflow-admins",
        "airflow‐admins",
        "airflow-admins\u200b",
        "AIRFLOW-ADMINS",
        "ａirflow-admins",
        "airflow-admins ",
    ],
)
def test_look_alike_role_gives_nothing(visitors: Visitors, provider: LoginProvider, group: str) -> None:
    with visitors.program() as program:
        assert status(program, provider.access_token("nora", groups=[group])) == 403


@pytest.mark.parametrize(
    "groups", [[["airflow-admins"]], {"airflow-admins": True}, json.loads("[" * 20 + "]" * 20), None, 7]
)
def test_groups_that_are_no_list_of_texts_give_nothing(
    visitors: Visitors, provider: LoginProvider, groups: Any
) -> None:
    with visitors.program() as program:
        assert status(program, provider.access_token("nora", groups=groups)) in (401, 403)


Sign = Callable[[LoginProvider, LoginProvider], str]
PROXY_FORGERIES: dict[str, Sign] = {
    "alg none": lambda _, proxy: unsigned(proxy),
    "own key": lambda _, proxy: own_key(proxy),
    "other audience": lambda _, proxy: proxy_token(proxy, aud=CLIENT_ID),
    "other issuer": lambda provider, proxy: proxy_token(proxy, iss=provider.issuer),
    "expired": lambda _, proxy: proxy_token(proxy, exp=int(time.time()) - 60),
    "no expiry": lambda _, proxy: proxy_token(proxy, exp=None),
    "access token of the provider": lambda provider, _: good(provider),
    "ID token of the provider": lambda provider, _: provider.id_token("ann", aud=PROXY_AUDIENCE),
    "name of a user": lambda _, __: "ann",
    "empty": lambda _, __: "",
}


@pytest.mark.parametrize("sign", PROXY_FORGERIES.values(), ids=PROXY_FORGERIES)
def test_header_without_valid_signature_is_nothing(
    visitors: Visitors, provider: LoginProvider, proxy: LoginProvider, sign: Sign
) -> None:
    with visitors.program(PROXY) as through_proxy:
        answer = through_proxy.get(FOR_VIEWERS, headers={PROXY_HEADER: sign(provider, proxy)})
    assert answer.status_code == 401


def test_header_of_the_proxy_counts_and_is_no_bearer_token(visitors: Visitors, proxy: LoginProvider) -> None:
    with visitors.program(PROXY) as through_proxy:
        header = {PROXY_HEADER: proxy_token(proxy)}
        assert through_proxy.get(FOR_OPS, headers=header).status_code == 200
        assert status(through_proxy) == 401
        assert status(through_proxy, proxy_token(proxy)) == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Forwarded-For": PROXY},
        {"Forwarded": f"for={PROXY}"},
        {"X-Real-IP": PROXY, "X-Forwarded-Host": "airflow", "X-Forwarded-Proto": "https"},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", [PROXY_HEADER, PROXY_HEADER.replace("-", "_")])
def test_stolen_header_without_the_proxy_is_nothing(
    visitors: Visitors, proxy: LoginProvider, name: str, headers: dict[str, str]
) -> None:
    for visitor in (visitors.program(), visitors.browser()):
        with visitor:
            answer = visitor.get(FOR_VIEWERS, headers={name: proxy_token(proxy), **headers})
        assert answer.status_code == 401


LOGOUT_FORGERIES: dict[str, Forge] = {
    "alg none": unsigned,
    "own key": lambda provider: OTHER_KEY.sign({"events": {}}, kid=provider.keys[-1].id),
    "access token": good,
    "ID token": lambda provider: provider.id_token("vera"),
    "other audience": lambda provider: provider.logout_token("vera", aud="another"),
    "without an event": lambda provider: provider.logout_token("vera", events={}),
    "with a nonce": lambda provider: provider.logout_token("vera", nonce="x"),
    "old": lambda provider: provider.logout_token(
        "vera", iat=int(time.time()) - 3600, exp=int(time.time()) - 3000
    ),
    "empty": lambda _: "",
}


def test_forged_logout_ends_no_session(visitors: Visitors, provider: LoginProvider) -> None:
    with visitors.program() as program, visitors.logged_in("vera") as at_work:
        for name, forge in LOGOUT_FORGERIES.items():
            answer = program.post(PATHS.back_channel, data={"logout_token": forge(provider)})
            assert answer.status_code == 400, name
        assert status(at_work) == 200


def test_configuration_shows_no_secret(visitors: Visitors) -> None:
    with visitors.logged_in("ann") as browser:
        answer = browser.get(CONFIGURATION)
    assert answer.status_code == 200
    assert "oidc_client_secret" in answer.text
    assert CLIENT_SECRET not in answer.text


def test_log_holds_no_token_and_no_secret(site: Site, visitors: Visitors, provider: LoginProvider) -> None:
    with visitors.program() as program:
        assert status(program, provider.access_token("vera")) == 200
    text = site.log.read_text()
    assert "eyJ" not in text
    assert CLIENT_SECRET not in text


def test_key_that_is_gone_counts_no_more(visitors: Visitors, provider: LoginProvider) -> None:
    with visitors.program() as program, visitors.logged_in("ann") as at_work:
        old = provider.access_token("vera", exp=int(time.time()) + 3600)
        assert status(program, old) == 200
        provider.rotate_keys()
        with visitors.logged_in("vera") as browser:
            assert status(browser) == 200
        new = provider.access_token("vera", exp=int(time.time()) + 3600)
        # A process of the web server fetches the keys for a token with an unknown one, at most every ten seconds.
        retry(lambda: assert_statuses(visitors, {new: 200, old: 401}), AssertionError)
        assert status(at_work) == 200


def assert_statuses(visitors: Visitors, expected: dict[str, int]) -> None:
    """Assert what each token is worth, to whichever process answers."""
    for _ in range(10):
        with visitors.program() as program:
            assert {token: status(program, token) for token in expected} == expected
